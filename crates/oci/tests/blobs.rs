//! Blobs whose size nobody told, as trusted artifacts are named: by digest alone.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use oci::{ContentError, Digest, Error, ImageReference};
use support::server::Server;

/// Sends `pieces` one by one, without a length.
async fn sending(pieces: &'static [&'static str]) -> Server {
    let router = Router::new().fallback(move || async move {
        let pieces = pieces
            .iter()
            .map(|piece| Ok::<_, Error>(Bytes::from(*piece)));
        Body::from_stream(futures::stream::iter(pieces))
    });
    Server::start(router).await
}

/// What was handed out, and how it ended.
async fn read(server: &Server, digest: &Digest, most: u64) -> (Vec<u8>, Result<(), Error>) {
    let (client, repository) = (server.client(), server.image("team/app"));
    let mut handed_out = Vec::new();
    let blob = client.blob_of_unknown_size(&repository, digest, most).await;
    let mut blob = blob.unwrap();
    loop {
        match blob.chunk().await {
            Ok(Some(piece)) => handed_out.extend_from_slice(&piece),
            Ok(None) => return (handed_out, Ok(())),
            Err(error) => return (handed_out, Err(error)),
        }
    }
}

#[tokio::test]
async fn a_blob_of_unknown_size_is_read_to_its_end_when_it_hashes_to_its_name() {
    let server = sending(&["one ", "two ", "three"]).await;
    let digest = Digest::sha256(b"one two three");
    for most in [13, 14, u64::MAX] {
        let (bytes, ended) = read(&server, &digest, most).await;
        ended.unwrap();
        assert_eq!(bytes, b"one two three", "{most}");
    }
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let (bytes, ended) = read(&sending(&[]).await, &Digest::sha256(b""), 0).await;
    ended.unwrap();
    assert_eq!(bytes, b"");
}

#[tokio::test]
async fn the_last_piece_of_a_wrong_blob_is_kept_back() {
    let server = sending(&["one ", "two ", "three"]).await;
    let expected = Digest::sha256(b"one two four");
    let (bytes, ended) = read(&server, &expected, 100).await;
    let Err(Error::Content(ContentError::DigestMismatch { computed, .. })) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(computed, Digest::sha256(b"one two three"));
    assert!(bytes.len() < 13, "all of it was handed out");
}

#[tokio::test]
async fn a_blob_that_is_larger_than_there_is_room_for_is_not_read_to_its_end() {
    let server = sending(&["one ", "two ", "three"]).await;
    let digest = Digest::sha256(b"one two three");
    let (bytes, ended) = read(&server, &digest, 12).await;
    let Err(Error::Content(ContentError::TooLarge { most: 12, .. })) = &ended else {
        panic!("{ended:?}");
    };
    let text = ended.unwrap_err().to_string();
    assert!(text.contains("has more than the 12 bytes"), "{text}");
    assert!(bytes.len() <= 12);
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_missing() {
    let server = Server::start(Router::new().fallback(|| async { StatusCode::NOT_FOUND })).await;
    let repository: ImageReference = server.image("team/app");
    let digest = Digest::sha256(b"x");
    let client = server.client();
    let missing = client.blob_of_unknown_size(&repository, &digest, 1).await;
    let missing = missing.err().unwrap();
    assert!(
        matches!(&missing, Error::Content(ContentError::MissingBlob { .. })),
        "{missing}"
    );
}
