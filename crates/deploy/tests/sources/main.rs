//! Sources are had from a server, a mirror, a directory or the cache, and whatever goes wrong is said.

#![expect(clippy::unwrap_used, reason = "the parts of a test may fail it")]

mod faults;
mod place;
mod proxy;
mod recording;
mod redirection;
mod server;
mod world;
