//! The container engine: which one Kind would use, where it is, and what it says of itself.
//!
//! - [`provider`]: which engine, decided as `kind` decides it.
//! - [`locate`]: where its API is, found as its own client finds it.
//! - [`find`]: connected, with its [`Facts`].

mod address;
mod connect;
mod contexts;
mod error;
mod facts;
mod locate;
mod nodes;
mod provider;

pub use address::Address;
pub use connect::{Engine, find};
pub use error::EngineError;
pub use facts::Facts;
pub use locate::{Located, locate, others_that_exist};
pub use nodes::PublishedPort;
pub use provider::{Provider, Selected, select};
