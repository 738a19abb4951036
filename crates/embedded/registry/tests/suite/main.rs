//! The registry's test suite: one file per subject, most tests with both stores.
#![allow(clippy::unwrap_used)] // A failed unwrap fails the test, as it should.
#![allow(unreachable_pub)] // Nothing outside sees a test program.

mod access;
mod blobs;
mod catalog;
#[cfg(target_os = "linux")]
mod cold_reads;
mod command_line;
mod crashes;
mod crashes_under_load;
mod discovery;
mod engine;
mod leaf_cases;
mod logs;
mod manifests;
mod oras;
mod peers;
mod properties;
mod refused_manifests;
mod reloaded_access;
mod serving;
mod skopeo;
mod small_contents;
mod storage;
mod support;
mod token_access;
mod untrusted_uploads;
mod uploads;
