//! The catalogue: its pages, what single transforms decide, and what is known of images.

mod capabilities;
mod confinement;
mod images;
mod limits;
pub(crate) mod pages;
mod reasons;
