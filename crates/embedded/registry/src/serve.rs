//! Serving over TLS: HTTP/1.1 and HTTP/2 on one port.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take for its TLS handshake, and then for the head of each request.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// How much of a request or an answer is held for a connection, in bytes.
const BUFFER: usize = 64 * 1024;

/// How long requests at work may go on once shutdown was asked for.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait when the process has no file descriptor for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `shutdown` is cancelled; then lets requests at work finish, for at most 10 seconds.
///
/// The handshake of each connection runs on its own: a slow or failed one concerns nobody else. Set `tls.alpn_protocols` to
/// `h2` and `http/1.1` to offer HTTP/2; [`tls::server_config`](crate::tls::server_config) does.
///
/// # Errors
/// Those of the listener that waiting does not mend.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    accept(listener, shutdown.clone(), move |stream, watcher| {
        let (acceptor, router, shutdown) = (acceptor.clone(), router.clone(), shutdown.clone());
        async move {
            let handshake = tokio::time::timeout(HEAD_LIMIT, acceptor.accept(stream));
            let Some(handshake) = shutdown.run_until_cancelled(handshake).await else {
                return;
            };
            match handshake {
                Ok(Ok(stream)) => converse(stream, router, watcher).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            }
        }
    })
    .await
}

/// As [`serve`], without TLS. For loopback addresses only: whoever is on the way could read and change everything.
///
/// # Errors
/// As [`serve`], and [`io::ErrorKind::InvalidInput`] when the listener's address is not a loopback address.
pub async fn serve_plain_http(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let message = format!("{address} can be reached from other machines, serve it with TLS");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    accept(listener, shutdown, move |stream, watcher| {
        converse(stream, router.clone(), watcher)
    })
    .await
}

async fn accept<F>(
    listener: TcpListener,
    shutdown: CancellationToken,
    connection: impl Fn(TcpStream, Watcher) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    // Ends what graceful shutdown could not.
    let ending = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_transient(&error) => continue,
            Err(error) if is_exhaustion(&error) => {
                tracing::warn!(%error, "no more connections for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        // Small answers must not wait for an acknowledgement of earlier ones.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection ended before it began");
            continue;
        }
        let (conversation, ending) = (connection(stream, graceful.watcher()), ending.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = conversation => {}
                () = ending.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_LIMIT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "requests that were still at work after {} seconds were cut off",
            SHUTDOWN_LIMIT.as_secs()
        );
    }
    ending.cancel();
    Ok(())
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    watcher: Watcher,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_LIMIT);
    let connection = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

fn is_exhaustion(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}
