//! The program as a person meets it, and the arrows between our crates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod arrows;
mod bad_input;
mod help;
mod lifecycle;
mod registry_login;
mod support;
