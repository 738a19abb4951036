//! The registry as a value.

use std::sync::Arc;

use crate::api;
use crate::options::Options;
use crate::storage::Storage;
use crate::upload::Sessions;

/// An OCI distribution registry over a store. Clones are the same registry.
#[derive(Clone)]
pub struct Registry {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) options: Arc<Options>,
    pub(crate) sessions: Arc<Sessions>,
}

impl Registry {
    /// A registry that keeps its content in `storage`.
    pub fn new(storage: Arc<dyn Storage>, options: Options) -> Self {
        let sessions = Sessions::new(options.open_uploads_limit, options.idle_limit);
        Self {
            storage,
            options: Arc::new(options),
            sessions,
        }
    }

    /// The whole `/v2/` API of the distribution specification, as a service to serve or to nest.
    pub fn router(&self) -> axum::Router {
        api::router(self.clone())
    }
}
