//! A Kubernetes API server in one process: storage, discovery, CRUD, patch, watch and custom resources over real HTTPS.
//!
//! [`ApiServer::open`] opens a data directory, [`ApiServer::serve`] makes it reachable. Clients are those of any Kubernetes cluster.
//! What is not modelled answers an explicit `Status` error.

mod apply;
mod authentication;
mod builtin;
mod catalog;
mod collector;
mod custom_resource;
mod describe;
mod event;
mod fields;
mod http;
mod kinds;
mod namespace;
mod openapi;
mod protobuf;
mod random;
mod resource;
mod rest;
mod schema;
mod selector;
mod server;
mod status;
mod store;
mod strategic_merge;
mod table;
mod token;
mod validation;

pub use crate::http::tls::ServerTls;
pub use server::{ApiServer, OpenError, Options};
