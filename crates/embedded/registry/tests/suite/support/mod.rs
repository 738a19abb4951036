//! What the tests need: stores, servers, clients, content.

pub mod blob_life;
pub mod certificates;
pub mod client;
pub mod container;
pub mod content;
pub mod data_set;
pub mod docker_registry;
pub mod leftovers;
pub mod program;
pub mod server;
pub mod skopeo;
pub mod stores;
