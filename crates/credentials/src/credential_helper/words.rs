//! What a failing helper's own words are told to a person: those that are known to be no secret, and no others.
//!
//! By the protocol a helper writes its error to standard output, where the secret would stand. A script may print a token and fail after it,
//! and `set -x` writes every value to standard error. No look at a text tells a password of words from a sentence, so a line is shown only
//! when it is, letter by letter, a message of the protocol or of the common helpers.

use crate::printable;

/// `credentials/error.go`, `pass/pass.go`, `secretservice/secretservice.go` and `osxkeychain/osxkeychain.go` of
/// <https://github.com/docker/docker-credential-helpers>; the last two are libdbus' own, which `secretservice` passes on.
const KNOWN: [&str; 7] = [
    "no credentials server URL",
    "no credentials username",
    "missing server url",
    "missing credentials",
    "keychain cannot be accessed because the current session does not allow user interaction. The keychain may be locked; unlock it by \
     running \"security -v unlock-keychain ~/Library/Keychains/login.keychain-db\" and try again",
    "The name org.freedesktop.secrets was not provided by any .service files",
    "Cannot autolaunch D-Bus without X11 $DISPLAY",
];

/// The known lines of both streams; else how to see the rest.
pub(super) fn of_failure(program: &str, server: &str, stdout: &[u8], stderr: &[u8]) -> String {
    let known: Vec<&str> = [stdout, stderr]
        .into_iter()
        .flat_map(|stream| stream.split(|byte| *byte == b'\n'))
        .filter_map(known)
        .collect();
    let is_silent = |stream: &[u8]| stream.trim_ascii().is_empty();
    match known.is_empty() {
        false => known.join("; "),
        true if is_silent(stdout) && is_silent(stderr) => "it said nothing".to_owned(),
        true => format!(
            "what it wrote is not shown, because the secret may be in it; to see it, run: echo {} | {} get",
            printable(quoted(server)),
            printable(program)
        ),
    }
}

fn known(line: &[u8]) -> Option<&'static str> {
    let line = line.trim_ascii();
    KNOWN.into_iter().find(|known| known.as_bytes() == line)
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-:/".contains(letter);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
