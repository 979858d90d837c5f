//! Facts about images.
use std::sync::Arc;
/// An image reference.
#[derive(Clone, Debug)]
pub struct Name {
    text: String,
}
impl Name {
    /// x
    pub fn parse(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }
}
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
/// k
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// x
    Service,
    /// x
    LanguageBase,
    /// x
    BaseOs,
}
/// s
#[derive(Clone, Debug)]
pub enum Support {
    /// x
    Yes,
    /// x
    Conditional(String),
    /// x
    No(String),
    /// x
    Unknown,
}
/// u
#[derive(Clone, Debug)]
pub enum DefaultUser {
    /// x
    Root,
    /// x
    Uid(u32),
    /// x
    Name(String),
    /// x
    Unknown,
}
/// r
#[derive(Clone, Copy, Debug)]
pub struct RunAs {
    /// x
    pub uid: u32,
    /// x
    pub gid: u32,
}
/// o
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// x
    RunAs,
    /// x
    Fixed {
        /// x
        uid: u32,
        /// x
        gid: u32,
    },
}
/// c
#[derive(Clone, Debug)]
pub enum Condition {
    /// x
    Env(String),
    /// x
    Mount(String),
    /// x
    Argument(String),
    /// x
    Unsure(String),
}
/// w
#[derive(Clone, Debug)]
pub struct Writable {
    /// x
    pub path: String,
    /// x
    pub size: u64,
    /// x
    pub exec: bool,
    /// x
    pub seed: bool,
    /// x
    pub persist: bool,
    /// x
    pub mode: Option<u32>,
    /// x
    pub owner: Option<Owner>,
    /// x
    pub when: Vec<Condition>,
}
/// What an image needs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// x
    pub id: String,
    /// x
    pub kind: Kind,
    /// x
    pub default_user: DefaultUser,
    /// x
    pub run_as: Option<RunAs>,
    /// x
    pub starts_as_user: Support,
    /// x
    pub read_only: Support,
    /// x
    pub ports: Vec<u16>,
    /// x
    pub writable: Vec<Writable>,
}
#[allow(missing_docs)]
impl Facts {
    pub fn breaks_without_new_privileges(&self) -> Option<&str> {
        None
    }
    pub fn known_memory_min(&self) -> Option<u64> {
        None
    }
    pub fn writable_is_known(&self) -> bool {
        true
    }
    pub fn user_is_known(&self) -> bool {
        true
    }
    pub fn drops_by_itself(&self) -> bool {
        true
    }
    pub fn manages_ownership(&self, _p: &str) -> bool {
        true
    }
    pub fn volume_group(&self) -> Option<u32> {
        None
    }
    pub fn default_uid(&self) -> Option<u32> {
        None
    }
    pub fn declared_volumes(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}
/// The knowledge base.
#[derive(Debug)]
pub struct Knowledge {}
#[allow(missing_docs)]
impl Knowledge {
    pub fn embedded() -> Self {
        Self {}
    }
    pub fn facts(&self, _n: &Name) -> Option<Arc<Facts>> {
        None
    }
}
