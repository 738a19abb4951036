//! What an embedder may choose.

use std::time::Duration;

use crate::access::Access;

/// Limits and rules of a registry. `Options::default()` suits tests and local deployments.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest manifest that is accepted, in bytes; a longer one gets 413. Default 4 MiB, the specification's least.
    pub manifest_size_limit: usize,
    /// How many blob uploads may be open at once; one more gets 429. Default 1000.
    pub open_uploads_limit: usize,
    /// How long a client may leave an upload untouched, and a request body stalled, before it is dropped. Default 5 minutes.
    pub idle_limit: Duration,
    /// Whether a manifest or index may name content that is not in the repository ("sparse"). Default `false`: such a manifest
    /// gets 404 `MANIFEST_BLOB_UNKNOWN`.
    pub sparse_manifests: bool,
    /// Who may do what. Default: everyone everything.
    pub access: Access,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            manifest_size_limit: 4 * 1024 * 1024,
            open_uploads_limit: 1000,
            idle_limit: Duration::from_secs(300),
            sparse_manifests: false,
            access: Access::anonymous(),
        }
    }
}
