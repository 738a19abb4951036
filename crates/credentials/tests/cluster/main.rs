//! Push secrets and their links, against a real API server.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod link;
mod linked;
mod push_secret;
mod refusals;
mod server;
mod wait;
