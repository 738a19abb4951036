//! What the cache holds.

use bollard::query_parameters::ContainerArchiveInfoOptions;

use super::{ImageCache, UPSTREAMS};
use crate::kind::EngineError;
use crate::kind::engine_error::is_absent;

/// How an image is named in its repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version<'a> {
    /// By a tag.
    Tag(&'a str),
    /// By a digest, with its algorithm.
    Digest(&'a str),
}

impl ImageCache<'_> {
    /// Whether the cache of `host` has the manifest of an image: somebody pulled it through the cache, which kept it. Its container need
    /// not run. A registry that is not cached, and a cache that was never made, hold nothing.
    ///
    /// Looks where the distribution registry keeps links to manifests (`registry/storage/paths.go`).
    ///
    /// # Errors
    ///
    /// The engine cannot be asked.
    pub async fn holds(
        &self,
        host: &str,
        repository: &str,
        version: Version<'_>,
    ) -> Result<bool, EngineError> {
        let Some(upstream) = UPSTREAMS.iter().find(|upstream| upstream.host == host) else {
            return Ok(false);
        };
        let link = match version {
            Version::Tag(tag) => format!("tags/{tag}/current/link"),
            Version::Digest(digest) => format!("revisions/{}/link", digest.replacen(':', "/", 1)),
        };
        let options = ContainerArchiveInfoOptions {
            path: format!(
                "/var/lib/registry/docker/registry/v2/repositories/{repository}/_manifests/{link}"
            ),
        };
        let name = upstream.cache_name();
        let found = self.engine.get_container_archive_info(&name, Some(options));
        match found.await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => {
                let attempted = format!("look into the image cache {name}");
                Err(EngineError::call(attempted)(error))
            }
        }
    }
}
