//! Digests: the grammar of the two registered algorithms, and content that is what it is called.

use std::sync::LazyLock;

use http::Method;
use regex::Regex;
use registry::{Algorithm, Digest, Options, VerifiedDigest};
use url::form_urlencoded::byte_serialize;

use crate::requests::Server;

/// OCI image specification, "Registered Algorithms".
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})\z").unwrap());

thread_local! {
    static SERVER: Server = Server::in_memory(Options::default());
}

/// Reads `data` as a digest, a line feed, and the content that is said to have it.
pub fn target(data: &[u8]) {
    let (digest, content) = match data.iter().position(|&byte| byte == b'\n') {
        Some(position) => (&data[..position], &data[position + 1..]),
        None => (data, data),
    };
    let Ok(digest) = std::str::from_utf8(digest) else {
        return;
    };
    assert_eq!(digest.parse::<Digest>().is_ok(), DIGEST.is_match(digest));

    SERVER.with(|server| {
        let query: String = byte_serialize(digest.as_bytes()).collect();
        let uri = format!("/v2/app/blobs/uploads/?digest={query}");
        let pushed = server.send(Method::POST, &uri, &[], content.to_vec());
        let true_name = Algorithm::ALL.into_iter().any(|algorithm| {
            let verified = VerifiedDigest::of(algorithm, content);
            verified.digest().as_str() == digest
        });
        let accepted = pushed.is_some_and(|answer| answer.status == 201);
        assert_eq!(accepted, true_name, "{digest} for {content:?}");
        for path in ["blobs", "manifests", "referrers"] {
            for method in [Method::GET, Method::HEAD, Method::DELETE] {
                let uri = format!("/v2/app/{path}/{digest}");
                let Some(answer) = server.send(method.clone(), &uri, &[], "") else {
                    continue;
                };
                if path == "blobs" {
                    // There, if it was accepted, until it is deleted, which comes last.
                    assert_eq!(answer.status.is_success(), accepted, "{method} {uri}");
                    let whole = method != Method::GET || answer.body == content;
                    assert!(!accepted || whole, "{uri} is something else");
                }
            }
        }
    });
}
