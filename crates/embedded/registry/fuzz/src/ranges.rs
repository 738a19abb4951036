//! `Range` of reads and `Content-Range` of chunks: no byte more, less or other than the header names.

use http::Method;
use registry::Options;

use crate::requests::{OnDisk, Server, on_disk, sha256};

const SIZE: usize = 1000;

thread_local! {
    static MEMORY: Server = Server::in_memory(Options::default());
}

fn content() -> Vec<u8> {
    (0..SIZE).map(|position| (position % 251) as u8).collect()
}

/// Uses `data` as the header's value, on a blob in memory, on one in a file, and on an upload.
pub fn target(data: &[u8]) {
    MEMORY.with(|server| {
        read(server, data);
        append(server, data);
    });
    on_disk(|OnDisk { server, .. }| read(server, data));
}

fn read(server: &Server, header: &[u8]) {
    let content = content();
    let digest = sha256(&content);
    let blob = format!("/v2/app/blobs/{digest}");
    let there = server.send(Method::HEAD, &blob, &[], "").unwrap();
    if there.status != 200 {
        let uri = format!("/v2/app/blobs/uploads/?digest={digest}");
        let pushed = server
            .send(Method::POST, &uri, &[], content.clone())
            .unwrap();
        assert_eq!(pushed.status, 201);
    }
    let Some(answer) = server.send(Method::GET, &blob, &[("range", header)], "") else {
        return;
    };
    let range = answer.header("content-range");
    match answer.status.as_u16() {
        200 => assert!(range.is_none() && answer.body == content),
        206 => {
            let (first, last) = numbers(range.unwrap().strip_prefix("bytes ").unwrap());
            assert!(first <= last && last < SIZE);
            assert_eq!(answer.body, content[first..=last]);
            let length = (last - first + 1).to_string();
            assert_eq!(answer.header("content-length"), Some(length.as_str()));
        }
        416 => assert_eq!(range, Some("bytes */1000")),
        other => panic!("a range was answered with {other}"),
    }
}

/// `first-last/size` or `first-last`.
fn numbers(range: &str) -> (usize, usize) {
    let range = range.split('/').next().unwrap_or_default();
    let (first, last) = range.split_once('-').unwrap();
    (first.parse().unwrap(), last.parse().unwrap())
}

fn append(server: &Server, header: &[u8]) {
    let begun = server
        .send(Method::POST, "/v2/app/blobs/uploads/", &[], "")
        .unwrap();
    let location = begun.header("location").unwrap().to_owned();
    let chunk = &content()[..10];
    let headers = [("content-range", header)];
    if let Some(answer) = server.send(Method::PATCH, &location, &headers, chunk.to_vec()) {
        let text = std::str::from_utf8(header).unwrap_or_default();
        let right = text.split_once('-').is_some_and(|(first, last)| {
            let number = |text: &str| {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| text.parse::<u64>().ok()).flatten()
            };
            number(first) == Some(0) && number(last) == Some(9)
        });
        assert_eq!(answer.status == 202, right, "{text:?}: {}", answer.status);
    }
    server.send(Method::DELETE, &location, &[], "");
}
