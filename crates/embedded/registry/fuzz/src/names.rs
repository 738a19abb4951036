//! Repository names and tags: exactly the specification's grammar is accepted, and none leaves the directory, not by links either.
//!
//! No request makes a link; that none of those that are planted in the directory is followed shows that no name becomes a path of another spelling.

use std::sync::LazyLock;

use http::Method;
use percent_encoding::percent_decode_str;
use regex::Regex;
use registry::{LONGEST_REPOSITORY_NAME, RepositoryName, Tag};

use crate::requests::{on_disk, sha256};

/// Distribution specification, "Pulling manifests".
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let component = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*";
    Regex::new(&format!(r"\A{component}(/{component})*\z")).unwrap()
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z").unwrap());

/// Reads `data` as a name, and uses it, plain and percent-encoded, in requests that would create a repository.
pub fn target(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let is_name = |text: &str| NAME.is_match(text) && text.len() <= LONGEST_REPOSITORY_NAME;
    assert_eq!(text.parse::<RepositoryName>().is_ok(), is_name(text));
    assert_eq!(text.parse::<Tag>().is_ok(), TAG.is_match(text));

    let blob = b"blob";
    let encoded: String = data.iter().map(|byte| format!("%{byte:02x}")).collect();
    on_disk(|disk| {
        let directories = || std::fs::read_dir(disk.repositories()).unwrap().count();
        for path in [text, &encoded] {
            let uri = format!("/v2/{path}/blobs/uploads/?digest={}", sha256(blob));
            // What comes after a ? or # in the name is no longer part of the path.
            if path.contains(['?', '#']) {
                continue;
            }
            let before = directories();
            let Some(answer) = disk.server.send(Method::POST, &uri, &[], &blob[..]) else {
                continue;
            };
            let decoded = percent_decode_str(path).decode_utf8();
            let accepted = decoded.ok().filter(|name| is_name(name));
            let expected = accepted.is_some();
            assert_eq!(answer.status == 201, expected, "{uri}: {}", answer.status);
            match accepted {
                // One directory of that very name, which `+` makes one component, and which is no link.
                Some(name) => {
                    let own = disk.repositories().join(name.replace('/', "+"));
                    let own = std::fs::symlink_metadata(own).unwrap();
                    assert!(own.is_dir(), "{name} is not kept in its directory");
                    assert!(directories() <= before + 1);
                }
                None => assert_eq!(directories(), before, "{uri} made a directory"),
            }
            let uri = format!("/v2/app/manifests/{path}");
            disk.server.send(Method::GET, &uri, &[], "");
        }
        disk.assert_nothing_left_it();
    });
}
