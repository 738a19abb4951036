//! Writes that are under way.
//!
//! hyper drops the future of a request as soon as its client has gone. A write must not end there: the store may have taken it
//! already, and what follows from it would never be done. So every write runs in a task of its own, and the request waits for it.

use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use crate::status::ApiError;

/// Most writes at once. It is more than share one commit, so that it never keeps the disk waiting; without it, a client that gives
/// up its requests as fast as it sends them could pile them up.
const MAXIMUM_WRITES: usize = 1024;

/// The writes that have begun and have not ended.
pub(crate) struct WritesUnderWay {
    tasks: TaskTracker,
    room: Arc<Semaphore>,
}

impl WritesUnderWay {
    pub(crate) fn new() -> Self {
        Self {
            tasks: TaskTracker::new(),
            room: Arc::new(Semaphore::new(MAXIMUM_WRITES)),
        }
    }

    /// Runs a write to its end, also when nobody waits for its answer any more. As long as there is no room for it, giving up means
    /// that nothing has happened.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.map_err(ApiError::internal)?;
        let (answer, answered) = oneshot::channel();
        self.tasks.spawn(async move {
            let outcome = write.await;
            drop(room);
            if let Err(Err(error)) = answer.send(outcome) {
                tracing::warn!(%error, "a write was refused, or failed, after its client had gone");
            }
        });
        let panicked = || Err(ApiError::internal("the write ended without an answer"));
        answered.await.unwrap_or_else(|_| panicked())
    }

    /// Waits until all writes have ended.
    pub(crate) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::FutureExt as _;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[tokio::test]
    async fn a_write_that_panics_is_answered_and_leaves_its_room() {
        let writes = WritesUnderWay::new();
        let panicking = async { panic!("as a defect would") };
        let refused = writes.finish::<()>(panicking).await.unwrap_err();
        assert_eq!(refused.code, http::StatusCode::INTERNAL_SERVER_ERROR);
        writes.ended().await;
        assert_eq!(writes.room.available_permits(), MAXIMUM_WRITES);
    }

    #[tokio::test]
    async fn a_write_that_is_given_up_while_there_is_no_room_does_not_happen() {
        let writes = WritesUnderWay::new();
        let end = CancellationToken::new();
        for _ in 0..MAXIMUM_WRITES {
            let end = end.clone();
            let busy = async move {
                end.cancelled().await;
                Ok(())
            };
            // Given up at once, it goes on all the same.
            assert!(writes.finish(busy).now_or_never().is_none());
        }
        let happened = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&happened);
        let late = async move {
            set.store(true, Ordering::SeqCst);
            Ok(())
        };
        assert!(writes.finish(late).now_or_never().is_none());
        end.cancel();
        writes.ended().await;
        assert!(!happened.load(Ordering::SeqCst));
        assert_eq!(writes.room.available_permits(), MAXIMUM_WRITES);
    }
}
