//! What is an image reference and what is not.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

use oci::{Digest, ImageReference, ReferenceError};
use proptest::prelude::*;

fn parse(text: &str) -> Result<ImageReference, ReferenceError> {
    text.parse()
}

#[test]
fn all_parts_are_found_and_written_back() {
    let digest = Digest::sha256(b"");
    let text = format!("localhost:5001/team/application:v1.0@{digest}");
    let image = parse(&text).unwrap();
    assert_eq!(image.registry(), "localhost:5001");
    assert_eq!(image.repository(), "team/application");
    assert_eq!(image.tag(), Some("v1.0"));
    assert_eq!(image.digest(), Some(&digest));
    assert_eq!(image.to_string(), text);
    assert_eq!(image.name(), "localhost:5001/team/application");
}

#[test]
fn hosts_of_all_kinds_are_accepted() {
    for host in [
        "quay.io",
        "localhost",
        "localhost:1",
        "127.0.0.1:5001",
        "[::1]",
        "[::1]:65535",
        "a-b.example.com",
        "Example.COM",
    ] {
        assert_eq!(parse(&format!("{host}/a")).unwrap().registry(), host);
    }
}

#[test]
fn a_name_without_a_registry_is_refused() {
    for text in ["busybox", "library/busybox", "busybox:1.37", ""] {
        assert!(
            matches!(parse(text), Err(ReferenceError::NoRegistry(_))),
            "{text}"
        );
    }
}

#[test]
fn wrong_hosts_are_refused() {
    for host in [
        "quay..io",
        "-quay.io",
        "quay.io:",
        "quay.io:0",
        "quay.io:65536",
        "quay.io:+1",
        "[::g]",
        "[::1",
        "[::1]5",
        "qu_ay.io",
        "https:",
    ] {
        assert!(
            matches!(
                parse(&format!("{host}/a")),
                Err(ReferenceError::InvalidRegistry(_))
            ),
            "{host}"
        );
    }
}

#[test]
fn wrong_repositories_are_refused() {
    for name in [
        "", "A", "a/", "/a", "a//b", "a___b", "a..b", "a.-b", "_a", "a_", "a b", "a/../b", "ä",
    ] {
        assert!(
            matches!(
                parse(&format!("quay.io/{name}")),
                Err(ReferenceError::InvalidRepository(_))
            ),
            "{name}"
        );
    }
    for name in ["a", "a--b", "a---b/c__d/e.f", "0"] {
        assert!(parse(&format!("quay.io/{name}")).is_ok(), "{name}");
    }
}

#[test]
fn host_and_repository_have_255_characters_at_most() {
    assert!(parse(&format!("quay.io/{}", "a".repeat(247))).is_ok());
    assert!(matches!(
        parse(&format!("quay.io/{}", "a".repeat(248))),
        Err(ReferenceError::TooLong(_))
    ));
}

#[test]
fn wrong_tags_and_digests_are_refused() {
    let long = "t".repeat(129);
    for tag in ["", ".a", "-a", "a b", "a:b", long.as_str()] {
        assert!(
            matches!(
                parse(&format!("quay.io/a:{tag}")),
                Err(ReferenceError::InvalidTag(_))
            ),
            "{tag}"
        );
    }
    assert!(parse(&format!("quay.io/a:{}", "t".repeat(128))).is_ok());
    assert!(matches!(
        parse("quay.io/a@sha256:12"),
        Err(ReferenceError::Digest(_))
    ));
    assert!(matches!(
        parse("quay.io/a@"),
        Err(ReferenceError::Digest(_))
    ));
}

#[test]
fn tag_and_digest_replace_each_other() {
    let image = parse("quay.io/a:v1").unwrap();
    let by_digest = image.with_digest(Digest::sha256(b""));
    assert_eq!(by_digest.tag(), None);
    assert_eq!(
        by_digest.with_tag("v2").unwrap().to_string(),
        "quay.io/a:v2"
    );
    assert_eq!(by_digest.without_tag_and_digest().to_string(), "quay.io/a");
    assert!(image.with_tag("not a tag").is_err());
}

proptest! {
    #[test]
    fn every_reference_of_the_grammar_is_read_and_written_back(
        host in "[a-z][a-z0-9]{0,8}\\.[a-z]{2,4}(:[1-9][0-9]{0,3})?",
        repository in "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,5}){0,3}",
        tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,30}",
    ) {
        let text = format!("{host}/{repository}:{tag}");
        prop_assert_eq!(parse(&text).unwrap().to_string(), text);
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_kept(text in "[a-zA-Z0-9./:@_\\-\\[\\]]{0,40}") {
        if let Ok(image) = parse(&text) {
            prop_assert_eq!(image.to_string(), text);
        }
    }
}
