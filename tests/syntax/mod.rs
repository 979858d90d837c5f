//! YAML, from text to trees and from edits to text: single cases, generated documents, and a
//! comparison with other parsers.

mod documents;
mod edit_invariants;
mod edit_properties;
mod edits;
mod go_yaml;
mod hostile;
mod invariants;
mod mutations;
mod styles;
mod tampered;
mod traps;
mod yaml_suite;
