//! What the tests of this crate share: a server with a certificate of its own, images to push, and a fake registry that can lie.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]
#![allow(dead_code, reason = "not every test uses everything")]
#![allow(unreachable_pub, reason = "each test is a crate of its own")]

pub mod docker_registry;
pub mod fake;
pub mod images;
pub mod lies;
pub mod obstacles;
pub mod raw;
pub mod scripted;
pub mod server;
