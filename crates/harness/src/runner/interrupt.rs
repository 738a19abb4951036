//! An interrupted run cleans up after itself.

use std::io;
use std::sync::{Arc, Weak};

use tokio::signal::unix::{SignalKind, signal};

use super::Stage;

/// Exit code of a process that was interrupted, as shells give it: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// At the first interrupt (Ctrl-C, or the SIGTERM of a cancelled job) every scenario ends and cleans up, and the suite's own
/// deployment is destroyed, whose detached process no interrupt would reach. At the second one the process ends with
/// no more than the latter.
pub(super) fn watch(stage: &Arc<Stage>) {
    let weak: Weak<Stage> = Arc::downgrade(stage);
    stage.handle().spawn(async move {
        if asked_to_end().await.is_err() {
            return;
        }
        super::say(
            "interrupted: the scenarios clean up and end; interrupt again to leave what they made",
        );
        // Held only for as long as it is used: the run's end must not wait for a second interrupt.
        if let Some(stage) = weak.upgrade() {
            stage.interrupt();
        }
        if asked_to_end().await.is_err() {
            return;
        }
        if let Some(stage) = weak.upgrade()
            && let Err(error) = stage.destroy().await
        {
            super::say(&format!("error: {error}"));
        }
        std::process::exit(INTERRUPTED);
    });
}

/// Waits for an interrupt from the terminal or a request to terminate.
async fn asked_to_end() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}
