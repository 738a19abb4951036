//! The registry on a port: TLS, HTTP/1.1 and HTTP/2, clients that stall or vanish, shutdown.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use futures::channel::mpsc;
use registry::storage::{Directory, Memory};
use registry::{Options, Registry};
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::certificates::Certificates;
use crate::support::content::{noise, sha256};
use crate::support::leftovers::nothing_is_left;
use crate::support::server::Server;
use crate::support::stores::{TestStore, directory};

crate::for_both_stores!(blobs_travel_over_http_1_and_http_2);

async fn blobs_travel_over_http_1_and_http_2(store: TestStore) {
    let server = Server::start(store.storage).await;
    for (client, version) in [
        (server.client(), reqwest::Version::HTTP_2),
        (
            server.client_with(reqwest::ClientBuilder::http1_only),
            reqwest::Version::HTTP_11,
        ),
    ] {
        let content = noise(1, 5_000_000);
        let digest = sha256(&content);
        let path = server.url(&format!("/v2/app/blobs/uploads/?digest={digest}"));
        let pushed = client
            .post(path)
            .body(content.clone())
            .send()
            .await
            .unwrap();
        assert_eq!((pushed.status().as_u16(), pushed.version()), (201, version));
        let pulled = client
            .get(server.url(&format!("/v2/app/blobs/{digest}")))
            .send()
            .await
            .unwrap();
        assert_eq!(pulled.content_length(), Some(5_000_000));
        assert_eq!(pulled.bytes().await.unwrap(), content);
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_that_do_not_finish_their_handshake_hold_nobody_up() {
    let server = Server::start(Arc::new(Memory::new())).await;
    let silent = TcpStream::connect(&server.host).await.unwrap();
    let mut confused = TcpStream::connect(&server.host).await.unwrap();
    confused
        .write_all(b"GET /v2/ HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    // The confused one is told and closed; the silent one is still open while others are served, and does not delay the end.
    confused.read_to_end(&mut Vec::new()).await.unwrap();
    let answer = server
        .client()
        .get(server.url("/v2/"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    server.stop().await;
    drop(silent);
}

#[tokio::test]
async fn a_client_that_vanishes_in_a_body_leaves_nothing() {
    let store = directory();
    let server = Server::start(Arc::clone(&store.storage)).await;
    let digest = sha256(&noise(1, 1_000_000));
    let mut connection = connect(&server).await;
    let head = format!(
        "POST /v2/app/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&noise(1, 600_000)).await.unwrap();
    connection.shutdown().await.unwrap();
    // The server answers that the body ended early, or closes; in both cases the stream ends when it is done.
    drop(connection.read_to_end(&mut Vec::new()).await);
    assert!(
        !store
            .storage
            .repository_exists(&"app".parse().unwrap())
            .await
            .unwrap()
    );
    server.stop().await;
    nothing_is_left(&store, &[digest, sha256(&noise(1, 600_000))]).await;
}

#[tokio::test]
async fn a_request_at_work_is_finished_before_the_end() {
    let server = Server::start(Arc::new(Memory::new())).await;
    let (mut body, receiver) = mpsc::channel::<std::io::Result<Bytes>>(1);
    let path = server.url(&format!(
        "/v2/app/blobs/uploads/?digest={}",
        sha256(b"content")
    ));
    let request = server
        .client_with(reqwest::ClientBuilder::http1_only)
        .post(path)
        .body(reqwest::Body::wrap_stream(receiver));
    let request = tokio::spawn(request.send());
    // Accepting a second piece proves that the first one was sent, so the request is under way.
    for piece in [&b"con"[..], b"te", b"n"] {
        futures::SinkExt::send(&mut body, Ok(Bytes::from_static(piece)))
            .await
            .unwrap();
    }
    server.shutdown.cancel();
    futures::SinkExt::send(&mut body, Ok(Bytes::from_static(b"t")))
        .await
        .unwrap();
    drop(body);
    assert_eq!(request.await.unwrap().unwrap().status(), 201);
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn plain_http_is_for_loopback_only() {
    let router = Registry::new(Arc::new(Memory::new()), Options::default()).router();
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = registry::serve_plain_http(everywhere, router.clone(), CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let loopback = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2/", loopback.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(registry::serve_plain_http(
        loopback,
        router,
        shutdown.clone(),
    ));
    drop(rustls::crypto::ring::default_provider().install_default());
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
    shutdown.cancel();
    task.await.unwrap().unwrap();
}

#[test]
fn unusable_certificates_are_explained() {
    let (one, other) = (Certificates::new(), Certificates::new());
    let reason = |chain: &str, key: &str| {
        registry::tls::server_config(chain, key)
            .unwrap_err()
            .to_string()
    };
    assert!(reason("no PEM", &one.key).starts_with("the certificate chain cannot be read"));
    assert!(reason(&one.certificate, "no PEM").starts_with("the private key cannot be read"));
    assert!(reason(&one.certificate, &other.key).contains("cannot be used together"));
}

/// A TLS connection for bytes that no HTTP client would send.
async fn connect(server: &Server) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(
            rustls::pki_types::CertificateDer::from_pem_slice(server.authority.as_bytes()).unwrap(),
        )
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(&server.host).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_closed_store_does_not_outlive_its_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Arc::new(Directory::open(data.path()).unwrap())).await;
    let answer = server
        .client()
        .get(server.url("/v2/"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    drop(answer);
    server.stop().await;
    Directory::open(data.path()).unwrap();
}
