//! Who asks the command to stop: a person with Ctrl-C, or a job runner with SIGTERM.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask to stop; from here on they end nothing by themselves.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) const INTERRUPT: &str = "Ctrl-C";
    pub(crate) const TERMINATE: &str = "SIGTERM";

    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one, by the name that people know.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => Self::INTERRUPT,
            _ = self.terminate.recv() => Self::TERMINATE,
        }
    }
}
