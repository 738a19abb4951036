//! What several test files need. Each uses its own part of it.
#![allow(dead_code, unreachable_pub)]

pub mod certificates;
pub mod client;
pub mod content;
pub mod data_set;
pub mod server;
pub mod stores;
