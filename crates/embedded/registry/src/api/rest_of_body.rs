//! What a client still has to say when the answer is known already.
//!
//! Over HTTP/1.1 a client sends its body before it reads the answer. A connection that is closed on unread data is reset, and the client
//! never learns why it was refused. So the rest of a refused body is read, within limits, before the answer is sent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

/// Most bytes that are read only to be thrown away. A client that has more to send sees its connection end.
const MOST: usize = 64 * 1024 * 1024;

/// Longest silence of such a client, unless clients may be silent for less.
const SILENCE: Duration = Duration::from_secs(5);

/// A body that hands over what was not read of it when it is dropped.
struct Returned {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

/// Where the rest of a body will be.
pub(crate) struct Rest(oneshot::Receiver<Body>);

/// A body for a request, and the rest of it.
pub(crate) fn returned(body: Body) -> (Body, Rest) {
    let (back, rest) = oneshot::channel();
    let back = Some(back);
    (Body::new(Returned { body, back }), Rest(rest))
}

impl Rest {
    /// Reads what was left, once the request has been refused.
    pub(crate) async fn drain(mut self, idle_limit: Duration) {
        let Ok(mut body) = self.0.try_recv() else {
            return;
        };
        let silence = idle_limit.min(SILENCE);
        let mut read = 0;
        while read < MOST {
            let Ok(Some(Ok(frame))) = tokio::time::timeout(silence, body.frame()).await else {
                return;
            };
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl HttpBody for Returned {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            return;
        }
        if let Some(back) = self.back.take() {
            // Nobody waits for it where the request succeeded.
            drop(back.send(std::mem::take(&mut self.body)));
        }
    }
}
