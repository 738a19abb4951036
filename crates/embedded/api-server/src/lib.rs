//! A Kubernetes API server in one process: storage, discovery, CRUD, patch, watch and custom resources over real HTTPS.
//!
//! [`ApiServer::open`] opens a data directory, [`ApiServer::serve`] makes it reachable. Clients are those of any Kubernetes cluster.
//! What is not modelled answers an explicit `Status` error.
//!
//! ```no_run
//! # async fn serve(certificate_chain_pem: String, private_key_pem: String, client_ca_pem: String) -> Result<(), Box<dyn std::error::Error>> {
//! use api_server::{ApiServer, Options, ServerTls};
//!
//! let server = ApiServer::open(Options { data_dir: "state/data".into(), ..Options::default() })?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:6443").await?;
//! let tls = ServerTls { certificate_chain_pem, private_key_pem, client_ca_pem };
//! let shutdown = tokio_util::sync::CancellationToken::new();
//! server.serve(listener, tls, shutdown).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is a model
//!
//! * RBAC objects are stored and not enforced: every authenticated user may do everything.
//! * Pods are inert, Services get no address, Events do not expire.
//! * Service account tokens are signed with a secret of this server (HS256), so that nobody else can check them.
//! * The scale subresource, webhooks of every kind, validation rules in CEL, impersonation and `exec` are refused.

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
