//! What the machine offers, and what stands in the way.
//!
//! [`examine()`] judges whether a Kind cluster can be had and gives a [`Report`] of [`Check`]s; [`kind_is_possible()`] is
//! the quick form. Everything that is looked at comes from an [`Environment`], and nothing is changed.
//!
//! ```
//! # async fn example() {
//! use cluster::Flavour;
//! use cluster::host::{Environment, NoLookup, Wishes, examine};
//!
//! let wishes = Wishes::new(Flavour::StandIns, "/tmp".into());
//! let report = examine(&Environment::of_this_process(), &wishes, &NoLookup).await;
//! for check in report.failed() {
//!     eprintln!("{check}");
//! }
//! # }
//! ```
//!
//! - [`engine`]: which container engine Kind would use, where it is, and what it says of itself.
//! - [`clock`], [`disk`], [`ports`]: what an embedded deployment asks, too.

mod check;
mod checks;
pub mod clock;
pub mod disk;
pub mod engine;
mod environment;
mod examine;
mod images;
mod kind_is_possible;
pub mod ports;
mod programs;
mod report;
#[cfg(test)]
mod tests;
mod version;
mod wishes;

pub use check::{Check, Remedy, Verdict};
pub use environment::{Environment, Platform};
pub use examine::examine;
pub use images::{ImageLookup, NoLookup, Presence};
pub use kind_is_possible::{NoKind, kind_is_possible};
pub use report::{Report, SCHEMA_VERSION};
pub use version::Version;
pub use wishes::{HostPort, Wishes};
