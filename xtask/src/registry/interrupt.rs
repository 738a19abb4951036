//! Ctrl-C, or a request to terminate, ends a command with a sentence about what it leaves.

use std::future::Future;

use anyhow::{Context, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Hears interrupts from the beginning of a command to its end, also one that comes between two pieces of work.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            let signal = signal(kind).context("cannot listen for interrupts");
            signal.map_err(|error| Exit::HostLacks.with(error))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// The outcome of `work`, or a failure that says what an interrupt left.
    pub(super) async fn end<T>(
        &mut self,
        work: impl Future<Output = T>,
        left: &'static str,
    ) -> Result<T, Failure> {
        tokio::select! {
            outcome = work => Ok(outcome),
            _ = self.interrupt.recv() => Err(Exit::Failed.with(anyhow!("interrupted; {left}"))),
            _ = self.terminate.recv() => Err(Exit::Failed.with(anyhow!("terminated; {left}"))),
        }
    }
}
