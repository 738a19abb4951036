//! A Kubernetes API server in one process: storage, discovery, CRUD, patch, watch and custom resources over real HTTPS.

mod apply;
mod schema;
mod selector;
mod table;
