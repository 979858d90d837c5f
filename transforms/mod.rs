//! The catalogue of transforms. Each transform is a pair of files: code and page.
//!
//! A transform decides which settings a container should have. It knows no file format, does no I/O
//! and depends on no other transform.

mod capabilities_missing;
mod cpu_limit;
mod default_confinement;
mod default_seccomp;
mod drop_capabilities;
mod engine_socket;
pub mod evidence;
mod host_namespaces;
mod host_paths;
mod host_ports;
mod image_not_pinned;
mod localhost_ports;
mod memory_limit;
mod mount_propagation;
pub mod needs;
mod no_new_privileges;
mod non_root_user;
mod pids_limit;
mod privileged;
mod proc_mount;
mod read_only_root;
mod resource_requests;
mod restart_bounded;
mod risky_capabilities;
mod secret_in_environment;
mod service_account_token;
mod unprivileged_ports;
mod unsafe_sysctls;
mod writable_paths_missing;

use crate::container::{
    Answer, Assignment, Container, Finding, Origin, Policy, Reason, Setting, Words,
};
use crate::edition::Edition;

/// All transforms in the order in which they run. Findings come before the changes that depend on
/// them. The writable paths come after the user, and the capabilities after both.
pub static ALL: &[&Transform] = &[
    &privileged::TRANSFORM,
    &host_namespaces::TRANSFORM,
    &host_paths::TRANSFORM,
    &engine_socket::TRANSFORM,
    &risky_capabilities::TRANSFORM,
    &host_ports::TRANSFORM,
    &unsafe_sysctls::TRANSFORM,
    &proc_mount::TRANSFORM,
    &mount_propagation::TRANSFORM,
    &default_confinement::TRANSFORM,
    &image_not_pinned::TRANSFORM,
    &secret_in_environment::TRANSFORM,
    &non_root_user::TRANSFORM,
    &no_new_privileges::TRANSFORM,
    &unprivileged_ports::TRANSFORM,
    &memory_limit::TRANSFORM,
    &cpu_limit::TRANSFORM,
    &pids_limit::TRANSFORM,
    &resource_requests::TRANSFORM,
    &read_only_root::TRANSFORM,
    &drop_capabilities::TRANSFORM,
    &default_seccomp::TRANSFORM,
    &service_account_token::TRANSFORM,
    &restart_bounded::TRANSFORM,
    &localhost_ports::TRANSFORM,
    &capabilities_missing::TRANSFORM,
    &writable_paths_missing::TRANSFORM,
];

/// One hardening step, as a value.
#[derive(Debug)]
pub struct Transform {
    /// In kebab-case, named after the resulting state. Ids are never reused.
    pub id: &'static str,
    /// The edition that added it. A configuration that pins an earlier edition excludes it.
    pub edition: Edition,
    /// One line, for tables.
    pub summary: &'static str,
    /// Whether it changes files by default.
    pub kind: Kind,
    /// Whether it runs by default. A transform that removes something people rely on must be
    /// selected.
    pub default: bool,
    /// What can go wrong when it is applied.
    pub risk: Risk,
    /// Benchmarks and scanners with the same check.
    pub references: &'static [Reference],
    /// The page next to the code, as Markdown.
    pub page: &'static str,
    /// The answer for one container.
    pub decide: fn(&Container, &Policy) -> Answer,
}

/// Whether a transform changes files by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It adds settings that are not written.
    Change,
    /// It reports settings that are written, and changes them only on request.
    Finding,
}

/// What can go wrong when a transform is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Nothing that worked before breaks, except programs that gain privileges on purpose.
    Low,
    /// A container may behave differently if an assumption is wrong.
    Behaviour,
}

/// The name of the same check in a benchmark or a scanner.
#[derive(Debug)]
pub struct Reference {
    /// The document or tool, with its version if it has one.
    pub source: &'static str,
    /// The section or check.
    pub id: &'static str,
}

impl Transform {
    /// The effect of the transform, in a word or two.
    #[must_use]
    pub fn effect(&self) -> &'static str {
        match (self.kind, self.default, self.risk) {
            (Kind::Finding, ..) => "reports",
            (Kind::Change, false, _) => "off by default",
            (Kind::Change, true, Risk::Low) => "low risk",
            (Kind::Change, true, Risk::Behaviour) => "can change behaviour",
        }
    }
}

/// The transforms that run by default.
pub fn by_default() -> impl Iterator<Item = &'static Transform> {
    ALL.iter().copied().filter(|transform| transform.default)
}

impl Reference {
    /// The name `id` in `source`.
    #[must_use]
    pub const fn new(source: &'static str, id: &'static str) -> Self {
        Self { source, id }
    }
}

/// The transform with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Transform> {
    ALL.iter().copied().find(|transform| transform.id == id)
}

static NO_SUCH_SETTING: Words = Words::new("no-such-setting", "This format has no such setting.");
/// A value is written, and a variable decides it.
pub(crate) static SET_BY_VARIABLE: Words =
    Words::new("set-by-variable", "{written} decides the value.");
static NOT_A_BOOLEAN: Words = Words::new("not-a-boolean", "{written} is not a boolean.");
static WORKS_ON_HOST: Words =
    Words::new("image-works-on-host", "{image} watches or serves the host.");
static AUTOSCALED: Words = Words::new("autoscaled", "{name} decides its resources.");
static HAS_LIMIT: Words = Words::new("has-limit", "It has a limit.");
static UNLIMITED: Words = Words::new("unlimited-explicitly", "The file sets it to unlimited.");
static DEFAULT_LIMIT: Words = Words::new("default-limit", "The limit is the default.");
static TWICE_REQUEST: Words = Words::new("twice-its-request", "The limit is twice its request.");

/// Whether a written value is strict enough.
enum Written {
    /// Strict enough, with the reason.
    Strict(Reason),
    /// Too weak, with the reason.
    Weak(Reason),
}

/// The answer for a setting that is written. `None` if it is absent.
///
/// `invalid` describes a value that the consumer rejects. `remedy` returns the assignments that
/// replace a weak value on request.
fn written<T>(
    setting: &Setting<T>,
    invalid: &'static Words,
    judge: impl FnOnce(&T) -> Written,
    remedy: impl FnOnce() -> Vec<Assignment>,
) -> Option<Answer> {
    Some(match setting {
        Setting::Absent => return None,
        Setting::Unsupported => Answer::inapplicable(&NO_SUCH_SETTING),
        Setting::Set { value, origin } => match judge(value) {
            Written::Strict(why) => Answer::hardened(why.at(origin.place)),
            Written::Weak(what) => Answer::finding(what.at(origin.place), remedy()),
        },
        Setting::Variable { text, origin, .. } => by_variable(text, origin),
        Setting::Unreadable { text, origin } => unreadable(invalid, text, origin),
    })
}

/// A limit of 0 or less means no limit.
fn limited<T: PartialOrd + Default>(limit: &T) -> Written {
    if *limit > T::default() {
        Written::Strict(Reason::new(&HAS_LIMIT))
    } else {
        Written::Weak(Reason::new(&UNLIMITED))
    }
}

/// The answer for a setting that a variable decides.
fn by_variable(text: &str, origin: &Origin) -> Answer {
    Answer::declined(Reason::new(&SET_BY_VARIABLE).written(text).at(origin.place))
}

/// The answer for a value that the consumer rejects.
fn unreadable(invalid: &'static Words, text: &str, origin: &Origin) -> Answer {
    let reason = Reason::new(invalid).written(text).at(origin.place);
    Answer::finding(reason, Vec::new())
}

/// A finding about access to the host. An image that works on its host needs this access, so no
/// remedy is offered for it.
fn of_host(container: &Container, reason: Reason, remedy: Vec<Assignment>) -> Finding {
    of_worker(works_on_host(container), reason, remedy)
}

/// [`of_host`] for access that belongs to the whole pod.
fn of_host_of_pod(container: &Container, reason: Reason, remedy: Vec<Assignment>) -> Finding {
    let of_pod = container.host_worker_of_pod.as_deref();
    of_worker(works_on_host(container).or(of_pod), reason, remedy)
}

fn of_worker(worker: Option<&str>, reason: Reason, remedy: Vec<Assignment>) -> Finding {
    match worker {
        Some(image) => Finding {
            reason: reason.and(Reason::new(&WORKS_ON_HOST).image(image)),
            remedy: Vec::new(),
        },
        None => Finding { reason, remedy },
    }
}

/// The image, if it watches or serves the host.
fn works_on_host(container: &Container) -> Option<&str> {
    let facts = container.facts.as_deref();
    let facts = facts.filter(|facts| !facts.host_access.is_empty())?;
    Some(facts.id.as_str())
}
