//! Uploads that span several requests. They live in memory: the end of the process ends them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use super::Upload;
use crate::name::RepositoryName;

/// An upload with a URL.
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) repository: RepositoryName,
    /// Taken out while a request works on it, so that a request that is dropped halfway takes the upload with it.
    pub(crate) upload: AsyncMutex<Option<Upload>>,
    touched: Mutex<Instant>,
}

impl Session {
    /// Starts the idle time anew.
    pub(crate) fn touch(&self) {
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nobody has touched it for `limit`. A request that works on it has a limit of its own.
    fn is_idle(&self, limit: Duration) -> bool {
        if self.upload.try_lock().is_err() {
            self.touch();
        }
        self.touched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
            >= limit
    }
}

/// As many uploads are open as may be.
#[derive(Debug, thiserror::Error)]
#[error(
    "{limit} uploads are open, which is the limit; finish or cancel one, or wait until idle ones expire"
)]
pub(crate) struct TooManyUploads {
    pub(crate) limit: usize,
}

/// Least time between two looks for idle uploads.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// The open uploads of a registry.
pub(crate) struct Sessions {
    open: Mutex<Open>,
    limit: usize,
    idle_limit: Duration,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<Uuid, Arc<Session>>,
    /// Uploads without a URL: whole blobs in one request.
    nameless: usize,
    /// Whether a task is looking for idle ones.
    swept: bool,
}

impl Sessions {
    pub(crate) fn new(limit: usize, idle_limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            limit,
            idle_limit,
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives an upload a URL, until it is removed or idle for too long.
    pub(crate) fn insert(
        self: &Arc<Self>,
        repository: RepositoryName,
        upload: Upload,
    ) -> Result<Arc<Session>, TooManyUploads> {
        let session = Arc::new(Session {
            id: Uuid::new_v4(),
            repository,
            upload: AsyncMutex::new(Some(upload)),
            touched: Mutex::new(Instant::now()),
        });
        let mut open = self.open();
        self.check_limit(&open)?;
        open.sessions.insert(session.id, Arc::clone(&session));
        if !std::mem::replace(&mut open.swept, true) {
            tokio::spawn(sweep(
                Sweeper(Arc::downgrade(self)),
                (self.idle_limit / 4).max(SHORTEST_PAUSE),
            ));
        }
        Ok(session)
    }

    fn check_limit(&self, open: &Open) -> Result<(), TooManyUploads> {
        match open.sessions.len() + open.nameless < self.limit {
            true => Ok(()),
            false => Err(TooManyUploads { limit: self.limit }),
        }
    }

    /// Counts an upload that needs no URL, until the place is dropped.
    pub(crate) fn place(self: &Arc<Self>) -> Result<Place, TooManyUploads> {
        let mut open = self.open();
        self.check_limit(&open)?;
        open.nameless += 1;
        Ok(Place(Arc::clone(self)))
    }

    /// An open upload of this repository.
    pub(crate) fn find(&self, repository: &RepositoryName, id: Uuid) -> Option<Arc<Session>> {
        let open = self.open();
        let session = open
            .sessions
            .get(&id)
            .filter(|session| session.repository == *repository)?;
        session.touch();
        Some(Arc::clone(session))
    }

    /// Ends an upload; what it received is removed as soon as no request works on it.
    pub(crate) fn remove(&self, id: Uuid) {
        let removed = self.open().sessions.remove(&id);
        // Dropped only now, because removing its file need not hold up others.
        drop(removed);
    }

    /// Removes idle uploads. Returns whether any are left.
    fn remove_idle(&self) -> bool {
        let mut open = self.open();
        let idle = open
            .sessions
            .extract_if(|_, session| session.is_idle(self.idle_limit));
        let idle: Vec<_> = idle.collect();
        // Decided under the same lock as the next upload asks, so that there is never an upload without a sweeper.
        open.swept = !open.sessions.is_empty();
        let left = open.swept;
        drop(open);
        drop(idle);
        left
    }
}

/// A place among the open uploads.
pub(crate) struct Place(Arc<Sessions>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open().nameless -= 1;
    }
}

/// Looks for idle uploads for as long as there are any open.
async fn sweep(sweeper: Sweeper, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        if !sweeper
            .0
            .upgrade()
            .is_some_and(|sessions| sessions.remove_idle())
        {
            return;
        }
    }
}

/// Says when it ends, also together with its runtime, so that the next upload starts another one. Two at once do no harm.
struct Sweeper(Weak<Sessions>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(sessions) = self.0.upgrade() {
            sessions.open().swept = false;
        }
    }
}
