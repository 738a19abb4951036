//! How a plan is run.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How a plan is run.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// After a failure, go on with the steps that do not need the failed one.
    pub keep_going: bool,
    /// Cancelled by whoever wants the run to stop: nothing new begins, and what runs is given [`Conduct::grace`].
    pub cancellation: CancellationToken,
    /// How long running steps may take to come to an end after the cancellation.
    pub grace: Duration,
    /// Where failing steps put their evidence, each in a folder of its own; nothing is collected without it.
    pub evidence: Option<PathBuf>,
    /// How long the evidence of one step may take.
    pub evidence_limit: Duration,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            keep_going: false,
            cancellation: CancellationToken::new(),
            grace: Duration::from_secs(5),
            evidence: None,
            evidence_limit: Duration::from_secs(60),
        }
    }
}
