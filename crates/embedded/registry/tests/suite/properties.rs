//! What holds for any input: names, digests, ranges, upload sequences and tokens that nobody thought of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::Method;
use proptest::prelude::*;
use registry::access::TokenSettings;
use registry::storage::{Directory, Memory};
use registry::{Digest, RepositoryName, Tag};
use tokio::runtime::Runtime;

use crate::access::tokens;
use crate::support::client::Client;
use crate::support::content::{IMAGE_INDEX, sha256};

const COMPONENT: &str = "[a-z0-9]{1,3}((\\.|_|__|-{1,3})[a-z0-9]{1,3}){0,3}";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #[test]
    fn every_name_of_the_grammar_is_accepted(components in prop::collection::vec(COMPONENT, 1..5)) {
        let name = components.join("/");
        prop_assert_eq!(name.parse::<RepositoryName>().unwrap().to_string(), name);
    }

    #[test]
    fn a_name_that_is_accepted_stays_in_its_directory(name in "[a-z0-9._/\\-+%\\\\A-Z\0]{0,20}|\\PC{0,10}") {
        if let Ok(name) = name.parse::<RepositoryName>() {
            let plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "._-/".contains(character);
            prop_assert!(name.as_str().chars().all(plain));
            prop_assert!(name.as_str().split('/').all(|part| !part.starts_with('.') && !part.is_empty()));
        }
    }

    #[test]
    fn a_tag_or_digest_that_is_accepted_is_one_path_component(text in "[a-z0-9._:/\\-A-F]{0,80}|\\PC{0,10}") {
        if let Ok(tag) = text.parse::<Tag>() {
            prop_assert!(!tag.as_str().starts_with('.') && !tag.as_str().contains(['/', '\\', '\0']));
        }
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert!(digest.encoded().bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn the_part_of_a_blob_that_is_sent_is_the_one_that_is_announced(range in "(bytes|items)?=?[0-9]{0,3}-[0-9]{0,20}|\\PC{0,12}") {
        let content: Vec<u8> = (0..=99).collect();
        let Ok(header) = http::HeaderValue::from_str(&range) else {
            return Ok(());
        };
        runtime().block_on(async {
            let client = Client::new(Arc::new(Memory::new()));
            client.push_blob("app", &sha256(&content), &content).await.expect(201);
            let path = format!("/v2/app/blobs/{}", sha256(&content));
            let Ok(header) = header.to_str() else {
                return Ok(());
            };
            let answer = client.send(Method::GET, &path, &[("range", header)], Body::empty()).await;
            match answer.status.as_u16() {
                200 => prop_assert_eq!(&answer.body[..], &content[..]),
                206 => {
                    let announced = answer.header("content-range").strip_prefix("bytes ").unwrap().strip_suffix("/100").unwrap();
                    let (first, last) = announced.split_once('-').unwrap();
                    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                    prop_assert_eq!(&answer.body[..], &content[first..=last]);
                }
                status => prop_assert_eq!(status, 416),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_text_that_was_not_signed_is_no_token(text in "[A-Za-z0-9_\\-]{0,40}(\\.[A-Za-z0-9_\\-]{0,40}){0,3}") {
        runtime().block_on(async {
            let client = Client::with(Arc::new(Memory::new()), tokens(TokenSettings::default()));
            let header = format!("Bearer {text}");
            let answer = client.send(Method::GET, "/v2/", &[("authorization", &header)], Body::empty()).await;
            prop_assert_eq!(answer.status.as_u16(), 401);
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_request_path_reaches_outside_or_breaks_the_server(
        paths in prop::collection::vec("/v2/[a-z./%2eFf\\-]{0,12}/(blobs|manifests|tags|referrers)/[a-z0-9./%2eFf:]{0,20}|/\\PC{0,20}", 8),
    ) {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("witness"), b"untouched").unwrap();
        let data = outside.path().join("data");
        runtime().block_on(async {
            let client = Client::new(Arc::new(Directory::open(&data).unwrap()));
            let index = r#"{"schemaVersion":2,"manifests":[]}"#;
            for path in paths.iter().filter(|path| path.parse::<http::Uri>().is_ok()) {
                for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
                    let headers = [("content-type", IMAGE_INDEX)];
                    let answer = client.send(method, path, &headers, index).await;
                    prop_assert!(!answer.status.is_server_error(), "{} {:?}", path, answer);
                }
            }
            Ok(())
        })?;
        prop_assert_eq!(entries(outside.path()), ["data", "witness"]);
        prop_assert_eq!(entries(&data), ["content", "lock", "repositories", "small.log", "uploads"]);
    }

    #[test]
    fn uploads_agree_with_a_simple_model(steps in prop::collection::vec(step(), 1..30)) {
        let data = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            for client in [Client::new(Arc::new(Memory::new())), Client::new(Arc::new(Directory::open(data.path()).unwrap()))] {
                follow(&client, &steps).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
        prop_assert_eq!(entries(&data.path().join("uploads")), Vec::<String>::new());
    }
}

/// One request of an upload sequence. Numbers choose among the open uploads.
#[derive(Clone, Debug)]
enum Step {
    Open,
    Chunk {
        upload: usize,
        bytes: Vec<u8>,
        skip: u64,
    },
    Close {
        upload: usize,
        honest: bool,
    },
    Cancel {
        upload: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        Just(Step::Open),
        (any::<usize>(), bytes, 0..2_u64).prop_map(|(upload, bytes, skip)| Step::Chunk {
            upload,
            bytes,
            skip
        }),
        (any::<usize>(), any::<bool>()).prop_map(|(upload, honest)| Step::Close { upload, honest }),
        any::<usize>().prop_map(|upload| Step::Cancel { upload }),
    ]
}

/// Does the steps and compares every answer with what the content received so far demands.
async fn follow(client: &Client, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut open: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let choose = |open: &BTreeMap<String, Vec<u8>>, number: usize| {
        open.keys()
            .nth(number.checked_rem(open.len()).unwrap_or(0))
            .cloned()
    };
    for step in steps {
        match step {
            Step::Open => drop(open.insert(client.open_upload("app").await, Vec::new())),
            Step::Chunk {
                upload,
                bytes,
                skip,
            } => {
                let Some(location) = choose(&open, *upload) else {
                    continue;
                };
                let begin = open[&location].len() + usize::try_from(*skip).unwrap();
                let range = Some((begin, begin + bytes.len() - 1));
                let answer = client.upload(Method::PATCH, &location, range, bytes).await;
                prop_assert_eq!(answer.status.as_u16(), if *skip == 0 { 202 } else { 416 });
                if *skip == 0 {
                    open.entry(location.clone()).or_default().extend(bytes);
                }
                let received = open[&location].len();
                let status = client.get(&location).await;
                prop_assert_eq!(
                    status.header("range"),
                    format!("0-{}", received.saturating_sub(1))
                );
            }
            Step::Close { upload, honest } => {
                let Some(location) = choose(&open, *upload) else {
                    continue;
                };
                let content = open.remove(&location).unwrap();
                let promised = if *honest {
                    sha256(&content)
                } else {
                    sha256(b"a lie")
                };
                let path = format!("{location}?digest={promised}");
                let answer = client.send(Method::PUT, &path, &[], Body::empty()).await;
                prop_assert_eq!(answer.status.as_u16(), if *honest { 201 } else { 400 });
                let pulled = client.get(&format!("/v2/app/blobs/{promised}")).await;
                prop_assert_eq!(pulled.status.as_u16(), if *honest { 200 } else { 404 });
                if *honest {
                    prop_assert_eq!(&pulled.body[..], &content[..]);
                }
            }
            Step::Cancel { upload } => {
                let Some(location) = choose(&open, *upload) else {
                    continue;
                };
                open.remove(&location);
                prop_assert_eq!(client.delete(&location).await.status.as_u16(), 204);
                prop_assert_eq!(client.get(&location).await.status.as_u16(), 404);
            }
        }
    }
    for location in open.keys() {
        prop_assert_eq!(client.delete(location).await.status.as_u16(), 204);
    }
    Ok(())
}

fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
