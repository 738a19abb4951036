//! Whether a credential can pull from a repository and push to it, found out by doing.
//!
//! [`Client::check_access`](crate::Client::check_access) walks the whole way: name, connection, TLS, the registry's challenge, the token, a
//! read, and an upload that is started and cancelled. The [`AccessReport`] names every step and, where the way ends, the [`Obstacle`]
//! with its remedy.
//!
//! ```no_run
//! # async fn example() -> Result<(), oci::Error> {
//! use oci::access::Rights;
//! let client = oci::Client::builder().build()?;
//! let report = client.check_access(&"quay.io/team/application".parse()?, Rights::PULL_AND_PUSH).await;
//! if let Some(obstacle) = &report.obstacle {
//!     println!("{obstacle}; {}", obstacle.remedy());
//! }
//! # Ok(())
//! # }
//! ```

mod check;
mod classify;
mod granted;
mod login;
mod obstacle;
mod question;
mod remedy;
mod report;
mod rights;
mod step;
mod trial;
mod verdict;
mod walk;

pub use obstacle::Obstacle;
pub use report::AccessReport;
pub use rights::{Right, Rights};
pub use step::{AccessStep, Outcome, Step};
pub use verdict::Verdict;
