//! What other projects release and we deploy: named in `fixtures/sources.toml`, found, verified, cached, and patched in code.
//!
//! - [`Catalog`] is the typed reading of `fixtures/sources.toml`: files and images.
//! - [`SourceStore`] gives a file's content: from the cache, a directory, a mirror or the project itself, and always with its
//!   digest verified.
//! - [`Cache`] holds what was fetched, by digest; [`LockFile`] holds the digests that were recorded at first use.
//! - [`patch`] changes images and resources in the parsed documents of a file.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use deploy::sources::{Cache, Catalog, LockFile, SourceStore, patch};
//!
//! let catalog = Catalog::of_this_project()?;
//! let cache = Cache::from_environment(|name| std::env::var(name).ok())?;
//! let store = SourceStore::new(cache, LockFile::at(LockFile::NAME));
//! let tekton = store.get(catalog.file("tekton-pipelines")?).await?;
//! let documents = patch::documents("tekton-pipelines", &tekton.content)?;
//! println!("{} objects, {} images", documents.len(), patch::images(&documents).len());
//! # Ok(())
//! # }
//! ```

mod cache;
mod catalog;
mod download;
mod error;
mod lock_file;
mod origin;
pub mod patch;
mod store;

pub use cache::Cache;
pub use catalog::{Catalog, CatalogError, PinnedImage, SourceFile};
pub use download::{DownloadError, DownloadOptions, Problem, ProxyChoice};
pub use error::{DigestMismatch, Disagreement, Missing, SourceError};
pub use lock_file::{LockFile, LockFileError};
pub use origin::{Mirror, MirrorError, Origin};
pub use store::{Fetched, Found, SourceStore, Telling};
