//! The program as a person meets it, and the arrows between our crates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod arrows;
mod bad_input;
mod doctor;
mod existing;
mod help;
mod kind;
mod kind_faults;
mod lifecycle;
mod registry_check;
mod registry_clusters;
mod registry_guide;
mod registry_login;
mod registry_own;
mod registry_push_secret;
mod registry_release_secret;
mod registry_support;
mod secrets;
mod support;
