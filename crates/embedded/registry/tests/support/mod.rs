//! What several test files need. Each uses its own part of it.
#![allow(dead_code, unreachable_pub)]

pub mod certificates;
pub mod content;
pub mod server;
pub mod stores;
