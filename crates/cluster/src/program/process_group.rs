//! A program and everything that it started, ended together.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// How long a program has to end by itself after it was asked to, before it is killed: time to close what it has open.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Killed when the wait for it is given up, whoever gives it up.
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    pub(super) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        if let Some(leader) = self.0 {
            let _ended_by_itself = kill_process_group(leader, Signal::TERM);
        }
    }

    /// Ends it. The leader must not have been reaped: until then its number belongs to nobody else.
    pub(super) fn kill(&mut self) {
        if let Some(leader) = self.0.take() {
            let _ended_by_itself = kill_process_group(leader, Signal::KILL);
        }
    }

    /// The leader was reaped: its number may belong to somebody else from now on.
    pub(super) fn was_reaped(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}
