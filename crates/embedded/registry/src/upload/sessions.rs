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

    fn idle(&self) -> Duration {
        self.touched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
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

/// The open uploads of a registry.
pub(crate) struct Sessions {
    open: Mutex<HashMap<Uuid, Arc<Session>>>,
    limit: usize,
    idle_limit: Duration,
}

impl Sessions {
    pub(crate) fn new(limit: usize, idle_limit: Duration) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            limit,
            idle_limit,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Session>>> {
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
        if open.len() >= self.limit {
            return Err(TooManyUploads { limit: self.limit });
        }
        open.insert(session.id, Arc::clone(&session));
        tokio::spawn(expire(
            Arc::downgrade(self),
            Arc::downgrade(&session),
            self.idle_limit,
        ));
        Ok(session)
    }

    /// An open upload of this repository.
    pub(crate) fn find(&self, repository: &RepositoryName, id: Uuid) -> Option<Arc<Session>> {
        let session = self
            .open()
            .get(&id)
            .filter(|session| session.repository == *repository)
            .cloned()?;
        session.touch();
        Some(session)
    }

    /// Ends an upload; what it received is removed as soon as no request works on it.
    pub(crate) fn remove(&self, id: Uuid) -> bool {
        self.open().remove(&id).is_some()
    }
}

/// Removes a session once nobody has touched it for `idle_limit`. A request at work holds the upload, and has its own limit.
async fn expire(sessions: Weak<Sessions>, session: Weak<Session>, idle_limit: Duration) {
    let mut remaining = idle_limit;
    loop {
        tokio::time::sleep(remaining).await;
        let (Some(sessions), Some(session)) = (sessions.upgrade(), session.upgrade()) else {
            return;
        };
        if session.upload.try_lock().is_err() {
            session.touch();
        }
        remaining = idle_limit.saturating_sub(session.idle());
        if remaining.is_zero() {
            sessions.remove(session.id);
            return;
        }
    }
}
