//! An archive that is larger than it may be is not fetched to its end.

use std::sync::Arc;

use registry::storage::Memory;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

/// A registry, a client that trusts it, and what stops it when dropped.
async fn registry() -> (String, oci::Client, DropGuard) {
    let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (pem, key) = (
        certificate.cert.pem(),
        certificate.signing_key.serialize_pem(),
    );
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = registry::tls::server_config(&pem, &key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let memory = Arc::new(Memory::new());
    let router = registry::Registry::new(memory, registry::Options::default()).router();
    let shutdown = CancellationToken::new();
    tokio::spawn(registry::serve(listener, tls, router, shutdown.clone()));
    let client = oci::Client::builder().ca_certificate_pem(pem).build();
    (host, client.unwrap(), shutdown.drop_guard())
}

#[tokio::test]
async fn an_archive_is_fetched_up_to_the_limit_and_not_beyond() {
    let (host, client, _running) = registry().await;
    let directory = tempfile::tempdir().unwrap();
    let layout = oci::Layout::create(directory.path().join("layout")).unwrap();
    std::fs::write(directory.path().join("file"), "x").unwrap();
    let archive = pack(&layout, &directory.path().join("file")).unwrap();
    let store = format!("{host}/team/app").parse().unwrap();
    let named = NamedArchive {
        name: "A".to_owned(),
        archive: archive.clone(),
    };
    publish(&client, &layout, &store, &[named], None)
        .await
        .unwrap();

    let uri = ArtifactUri::new(&store, archive.digest.clone());
    for most in [archive.size, archive.size + 1] {
        let mut fetched = fetch(&client, &uri, directory.path(), most).await.unwrap();
        let mut bytes = Vec::new();
        fetched.read_to_end(&mut bytes).unwrap();
        assert_eq!(oci::Digest::sha256(&bytes), archive.digest, "{most}");
    }
    let fetched = fetch(&client, &uri, directory.path(), archive.size - 1).await;
    let problem = fetched.unwrap_err().to_string();
    let text = format!(
        "its archive has more than the {} bytes that may be used of",
        archive.size - 1
    );
    assert!(problem.contains(&text), "{problem}");
}
