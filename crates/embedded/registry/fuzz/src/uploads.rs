//! Sequences of upload requests, beside a model that only appends to a vector.

use arbitrary::{Arbitrary, Unstructured};
use http::Method;
use registry::Options;

use crate::requests::{Server, on_disk, sha256};

/// One request.
#[derive(Arbitrary, Debug)]
enum Step {
    Begin,
    Append {
        content: Vec<u8>,
        /// Where the chunk is said to begin, relative to where it should; none: no `Content-Range`.
        shift: Option<i8>,
    },
    Status,
    Finish {
        last: Vec<u8>,
        honest: bool,
    },
    Cancel,
    /// An upload of another repository, or one that nobody opened.
    Foreign(bool),
}

/// Where the upload is, and what it has received.
type Open = Option<(String, Vec<u8>)>;

/// Follows the steps that `data` describes, in memory and in a directory.
pub fn target(data: &[u8]) {
    let Ok(steps) = Vec::<Step>::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let memory = Server::in_memory(Options::default());
    follow(&memory, &steps);
    on_disk(|disk| follow(&disk.server, &steps));
}

fn follow(server: &Server, steps: &[Step]) {
    let mut open: Open = None;
    for step in steps {
        open = follow_step(server, step, open);
    }
    if let Some((location, _)) = open {
        let answer = server.send(Method::DELETE, &location, &[], "").unwrap();
        assert_eq!(answer.status, 204);
    }
}

fn follow_step(server: &Server, step: &Step, open: Open) -> Open {
    let Some((location, mut received)) = open else {
        let begun = server.send(Method::POST, "/v2/app/blobs/uploads/", &[], "");
        let begun = begun.unwrap();
        assert_eq!(begun.status, 202);
        return Some((begun.header("location").unwrap().to_owned(), Vec::new()));
    };
    match step {
        Step::Begin => {}
        Step::Append { content, shift } => {
            let first = shift.map(|shift| received.len() as i64 + i64::from(shift));
            let range = first.map(|first| format!("{first}-{}", first + content.len() as i64 - 1));
            let headers: Vec<(&str, &[u8])> = range
                .iter()
                .map(|range| ("content-range", range.as_bytes()))
                .collect();
            let answer = server.send(Method::PATCH, &location, &headers, content.clone());
            let answer = answer.unwrap();
            // A range names at least one byte, and begins where the last one ended.
            let expected = match shift {
                None => 202,
                Some(_) if content.is_empty() || first.is_some_and(|first| first < 0) => 400,
                Some(0) => 202,
                Some(_) => 416,
            };
            assert_eq!(answer.status, expected, "{range:?}");
            if expected == 202 {
                received.extend_from_slice(content);
            }
            if expected != 400 {
                let range = format!("0-{}", received.len().saturating_sub(1));
                assert_eq!(answer.header("range"), Some(range.as_str()));
            }
        }
        Step::Status => {
            let answer = server.send(Method::GET, &location, &[], "").unwrap();
            assert_eq!(answer.status, 204);
            let range = format!("0-{}", received.len().saturating_sub(1));
            assert_eq!(answer.header("range"), Some(range.as_str()));
        }
        Step::Finish { last, honest } => {
            received.extend_from_slice(last);
            let digest = sha256(&received);
            let promised = if *honest {
                digest.clone()
            } else {
                sha256(b"another")
            };
            let uri = format!("{location}?digest={promised}");
            let answer = server.send(Method::PUT, &uri, &[], last.clone()).unwrap();
            let blob = format!("/v2/app/blobs/{promised}");
            if promised == digest {
                assert_eq!(answer.status, 201);
                let pulled = server.send(Method::GET, &blob, &[], "").unwrap();
                assert!(pulled.status == 200 && pulled.body == received);
                let deleted = server.send(Method::DELETE, &blob, &[], "").unwrap();
                assert_eq!(deleted.status, 202);
            } else {
                assert_eq!(answer.status, 400);
            }
            let gone = server.send(Method::GET, &blob, &[], "").unwrap();
            assert_eq!(gone.status, 404);
            let ended = server.send(Method::GET, &location, &[], "").unwrap();
            assert_eq!(ended.status, 404);
            return None;
        }
        Step::Cancel => {
            let answer = server.send(Method::DELETE, &location, &[], "").unwrap();
            assert_eq!(answer.status, 204);
            let ended = server.send(Method::GET, &location, &[], "").unwrap();
            assert_eq!(ended.status, 404);
            return None;
        }
        Step::Foreign(other) => {
            let location = if *other {
                location.replace("/v2/app/", "/v2/other/")
            } else {
                "/v2/app/blobs/uploads/00000000-0000-4000-8000-000000000000".to_owned()
            };
            for method in [Method::GET, Method::PATCH, Method::DELETE] {
                let answer = server.send(method, &location, &[], "").unwrap();
                assert_eq!(answer.status, 404);
            }
        }
    }
    Some((location, received))
}
