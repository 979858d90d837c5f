//! Facts about images.

/// An image reference.
#[derive(Clone, Debug)]
pub struct Name {}
/// What an image needs.
#[derive(Clone, Debug)]
pub struct Facts {}
/// The knowledge base.
#[derive(Debug)]
pub struct Knowledge {}
