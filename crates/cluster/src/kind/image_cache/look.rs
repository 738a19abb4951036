//! What there is of the cache.

use std::fmt;

use super::ensure::{is_attached, is_running};
use super::{ImageCache, ImageCacheError, UPSTREAMS, Upstream};
use crate::kind::EngineError;
use crate::kind::engine_error::is_absent;
use crate::kind::network::NETWORK;

/// The cache of one upstream registry as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheStatus {
    /// The registry.
    pub upstream: Upstream,
    /// Its container.
    pub state: CacheState,
}

/// The state of a cache's container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheState {
    /// There is none.
    Absent,
    /// It runs, and nodes reach it.
    Serving,
    /// It runs, and no cluster was made since.
    NotAttached,
    /// It does not run: the engine's word for its state.
    Stopped(String),
}

impl ImageCache<'_> {
    /// Looks at every cache.
    ///
    /// # Errors
    ///
    /// [`ImageCacheError::Engine`].
    pub async fn status(&self) -> Result<Vec<CacheStatus>, ImageCacheError> {
        let mut all = Vec::new();
        for upstream in UPSTREAMS {
            let name = upstream.cache_name();
            let state = match self.engine.inspect_container(&name, None).await {
                Ok(found) if is_running(&found) && is_attached(&found) => CacheState::Serving,
                Ok(found) if is_running(&found) => CacheState::NotAttached,
                Ok(found) => CacheState::Stopped(
                    found
                        .state
                        .and_then(|state| state.status)
                        .map(|status| status.to_string())
                        .unwrap_or_default(),
                ),
                Err(error) if is_absent(&error) => CacheState::Absent,
                Err(error) => {
                    let attempted = format!("look at the image cache {name}");
                    return Err(EngineError::call(attempted)(error).into());
                }
            };
            all.push(CacheStatus { upstream, state });
        }
        Ok(all)
    }
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.upstream.host;
        match &self.state {
            CacheState::Absent => write!(formatter, "{host}: not cached"),
            CacheState::Serving => write!(formatter, "{host}: cached"),
            CacheState::NotAttached => write!(
                formatter,
                "{host}: the cache runs, but not on the network {NETWORK}"
            ),
            CacheState::Stopped(state) => {
                write!(formatter, "{host}: the cache does not run ({state})")
            }
        }
    }
}
