//! An interrupted run leaves nothing behind.

use std::sync::{Arc, Weak};

use super::Stage;

/// Exit code of a process that was interrupted, as shells give it: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Destroys the suite's own deployment when the run is interrupted: its process is detached, so that the interrupt does
/// not reach it.
pub(super) fn watch(stage: &Arc<Stage>) {
    let weak: Weak<Stage> = Arc::downgrade(stage);
    stage.handle().spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        if let Some(stage) = weak.upgrade() {
            super::say("interrupted; destroying the suite's own deployment, if there is one");
            if let Err(error) = stage.destroy().await {
                super::say(&format!("error: {error}"));
            }
        }
        std::process::exit(INTERRUPTED);
    });
}
