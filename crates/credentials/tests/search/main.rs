//! Where credentials are found on a computer, in which order, and what is said when there are none or damaged ones.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod computer;
mod files;
mod helpers;
mod registries_conf;
mod spellings;
mod wrong_files;
