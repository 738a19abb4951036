//! Accepting connections.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authentication::Identity;
use crate::rest::Api;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Most requests at once on one HTTP/2 connection: a client has all its watches on it.
const MAXIMUM_STREAMS: u32 = 2000;
/// How long requests that are under way may take once the server is shutting down.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait before accepting again when the process has run out of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is cancelled; ends when the last connection and the last write have ended.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    api: Arc<Api>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection =
                    serve_connection(stream, acceptor.clone(), Arc::clone(&api), shutdown.clone());
                connections.spawn(connection);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    connections.close();
    if tokio::time::timeout(SHUTDOWN_LIMIT, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("some requests were still running at shutdown");
    }
    // Those whose clients have gone are on no connection any more.
    if tokio::time::timeout(SHUTDOWN_LIMIT, api.writes.ended())
        .await
        .is_err()
    {
        tracing::warn!("some writes were still running at shutdown");
    }
    Ok(())
}

async fn serve_connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    api: Arc<Api>,
    shutdown: CancellationToken,
) {
    // Watches send small events that must not wait for each other.
    let _ = stream.set_nodelay(true);
    let handshake = tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream));
    let stream = match handshake.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first);
    let identity = certificate
        .and_then(Identity::from_certificate)
        .map(Arc::new);
    let service = service_fn(move |request| {
        let (api, identity) = (Arc::clone(&api), identity.clone());
        async move { Ok::<_, Infallible>(Box::pin(api.answer(request, identity)).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(MAXIMUM_STREAMS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
