//! An interrupted run cleans up after itself.

use std::sync::{Arc, Weak};

use super::Stage;

/// Exit code of a process that was interrupted, as shells give it: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// At the first interrupt every scenario ends and cleans up; the suite's own deployment is destroyed, whose detached
/// process no interrupt would reach. At the second one the process ends with as little as that.
pub(super) fn watch(stage: &Arc<Stage>) {
    let weak: Weak<Stage> = Arc::downgrade(stage);
    stage.handle().spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        let Some(stage) = weak.upgrade() else { return };
        super::say(
            "interrupted: the scenarios clean up and end; interrupt again to leave what they made",
        );
        stage.interrupt();
        if tokio::signal::ctrl_c().await.is_ok() {
            if let Err(error) = stage.destroy().await {
                super::say(&format!("error: {error}"));
            }
            std::process::exit(INTERRUPTED);
        }
    });
}
