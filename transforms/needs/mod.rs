//! What an image needs with a hardening setting: its writable paths and its capabilities.

pub mod capabilities;
pub mod writable;
