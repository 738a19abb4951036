//! What a failing step leaves for the person who must find out why.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures::FutureExt;
use jiff::Timestamp;

use super::{Conduct, Step, StepError};

/// How many lines of the evidence are shown beside the failure.
pub const TELLING_LINES: usize = 3;

/// What a step collected after it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    folder: PathBuf,
    telling: Vec<String>,
}

impl Evidence {
    /// Evidence in `folder`, of which these lines tell most, the best first; the first [`TELLING_LINES`] are shown.
    #[must_use]
    pub fn new(folder: PathBuf, telling: impl IntoIterator<Item = String>) -> Self {
        Self {
            folder,
            telling: telling.into_iter().take(TELLING_LINES).collect(),
        }
    }

    /// Where all of it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The most telling lines.
    #[must_use]
    pub fn telling(&self) -> &[String] {
        &self.telling
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.telling {
            writeln!(formatter, "  | {}", line.trim_end())?;
        }
        write!(formatter, "  evidence: {}", self.folder.display())
    }
}

/// Asks the step for its evidence. Whatever goes wrong with that never hides the failure: it becomes the telling line.
pub(super) async fn collect<C: Sync>(
    step: &dyn Step<C>,
    context: &C,
    failure: &StepError,
    conduct: &Conduct,
) -> Option<Evidence> {
    let root = conduct.evidence.as_ref()?;
    if failure.explains_itself() {
        return None;
    }
    // Sorted by name is sorted by time, and no run touches another's.
    let moment = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
    let folder = root.join(format!("{moment}-{}", step.name()));
    let work = AssertUnwindSafe(step.evidence(context, failure, &folder)).catch_unwind();
    let problem = match tokio::time::timeout(conduct.evidence_limit, work).await {
        Ok(Ok(Ok(evidence))) => return evidence,
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_panic)) => "collecting panicked, which is a defect of this program".to_owned(),
        Err(_expired) => {
            let limit = conduct.evidence_limit.as_secs();
            format!("collecting was not finished within {limit} s")
        }
    };
    Some(Evidence::new(
        folder,
        [format!("the evidence is incomplete: {problem}")],
    ))
}
