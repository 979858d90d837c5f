//! The catalogue: its pages, the decisions of single transforms, and the facts about images.

mod capabilities;
mod confinement;
mod images;
mod limits;
pub(crate) mod pages;
mod reasons;
mod second_run;
