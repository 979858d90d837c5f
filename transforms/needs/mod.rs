//! What an image needs under a setting: its writable paths and its capabilities.

pub mod capabilities;
pub mod writable;
