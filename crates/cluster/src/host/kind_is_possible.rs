//! The quick question behind `--cluster auto`: would a Kind cluster start here?

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::Instant;

use super::check::{Check, Verdict};
use super::checks::{self, Place};
use super::engine::{self, EngineError};
use super::environment::Environment;
use super::images::{ImageLookup, Presence};
use super::wishes::Wishes;

/// How long the whole may take.
const LIMIT: Duration = Duration::from_millis(4500);

/// Why no Kind cluster can be made on this host, as a fragment.
#[derive(Debug, thiserror::Error)]
pub enum NoKind {
    /// No engine can be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The host was looked at and found unfit in one respect. `cargo xtask doctor` says what to do.
    #[error("{name}: {seen}")]
    Unfit {
        /// The check that failed.
        name: Cow<'static, str>,
        /// What it saw.
        seen: String,
    },
    /// The node's image is not cached and cannot be had.
    #[error("the node image {image} is not in the engine's store and {why}")]
    NodeImage {
        /// The image.
        image: String,
        /// What its registry said.
        why: String,
    },
}

/// Can Kind make a cluster here: an engine answers and is fit, `kind` is installed, the node's image is cached or can be
/// reached? Takes moments, and less than 5 s.
///
/// # Errors
///
/// The first [`NoKind`] found.
pub async fn kind_is_possible(
    environment: &Environment,
    wishes: &Wishes,
    lookup: &dyn ImageLookup,
) -> Result<(), NoKind> {
    let deadline = Instant::now() + LIMIT;
    let (found, kind) = tokio::join!(engine::find(environment), checks::kind(environment));
    let engine = found?;
    let answers = Ok(engine);
    fit(checks::answers(environment, &answers))?;
    let engine = answers?;
    fit(checks::version(&engine))?;
    fit(checks::command(environment, &engine))?;
    fit(checks::control_groups(environment, engine.facts(), wishes))?;
    fit(checks::delegation(engine.facts()))?;
    // A kind that could not be asked is none to build on without having been told to.
    if kind.verdict == Verdict::Warn && kind.remedy.is_none() {
        return Err(unfit(kind));
    }
    fit(kind)?;
    let Some(image) = &wishes.node_image else {
        return Ok(());
    };
    let why = match checks::place(image, Some(&engine), lookup, deadline).await {
        Place::Cached | Place::Registry(Presence::There) => return Ok(()),
        Place::Registry(Presence::Absent) => "does not exist in its registry".to_owned(),
        Place::Registry(Presence::Unreachable(why)) => format!("cannot be reached: {why}"),
        Place::Registry(Presence::Unknown(why)) => {
            format!("nobody can tell whether it can be pulled: {why}")
        }
    };
    Err(NoKind::NodeImage {
        image: image.clone(),
        why,
    })
}

fn fit(check: Check) -> Result<(), NoKind> {
    match check.verdict {
        Verdict::Fail => Err(unfit(check)),
        Verdict::Pass | Verdict::Skipped | Verdict::Warn => Ok(()),
    }
}

fn unfit(check: Check) -> NoKind {
    NoKind::Unfit {
        name: check.name,
        seen: check.seen,
    }
}
