//! What a scenario of the conformance suite needs.
//!
//! - [`runner`]: runs scenarios, skips those whose needs are missing, reports.
//! - [`story`]: [`with_tenant`] gives a scenario its own tenant, and takes evidence and cleans up after it.
//! - [`tenant`]: the verbs of a story: applications, components, builds, snapshots, releases.
//! - [`images`]: what an image must be, checked by content.
//! - [`wait`]: named waits with limits from one table.
//! - [`evidence`]: what is kept of a failed scenario, without secrets.
//! - [`deployment`]: the clients of the deployment under test.
//!
//! A scenario is a function without parameters, so that the attributes of `serial_test` apply to it:
//!
//! ```no_run
//! use harness::{Source, Verdict, with_tenant};
//!
//! fn a_build_pushes_its_image() -> Verdict {
//!     with_tenant(async |tenant| {
//!         let application = tenant.application("shop").await?;
//!         let component = application.component("web", &Source::sample()).await?;
//!         let build = component.build().await?.succeeds().await?;
//!         build.image().is_as_described_by(&Source::sample()).await
//!     })
//! }
//! ```

mod cleanup;
pub mod deployment;
pub mod evidence;
mod failure;
mod fixtures;
pub mod images;
mod journal;
mod peer;
mod registry_access;
pub mod report;
pub mod runner;
mod source;
pub mod story;
pub mod tenant;
mod trust;
pub mod wait;

pub use deployment::Deployment;
pub use failure::{Failure, Verdict};
pub use journal::Journal;
pub use registry_access::RegistryAccess;
pub use runner::{Need, Scenario};
pub use source::Source;
pub use story::{with_tenant, with_tenant_elsewhere, with_tenant_without_credentials};
