//! Users and rules that change while the registry runs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use http::Method;
use registry::Options;
use registry::access::{Access, AccessFileError, AccessFiles, LogIn, TokenSettings};

use crate::access::{client, log_in, pull, push};
use crate::support::client::Client;

/// A folder with a password file and rules.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    /// Users whose passwords are their names with `-secret`; each may do everything in the repository of their name.
    fn of(users: &[&str]) -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.set_users(users);
        let rule = |user: &&str| format!("{user} pull,push {user}\n");
        files.replace("rules", &users.iter().map(rule).collect::<String>());
        files
    }

    /// Users who are there keep their lines: a new hash is a new password, even of the same words.
    fn set_users(&self, users: &[&str]) {
        let present = std::fs::read_to_string(self.path("htpasswd")).unwrap_or_default();
        let line = |user: &&str| {
            let mut kept = present
                .lines()
                .filter(|line| line.starts_with(&format!("{user}:")));
            let kept = kept.next().map(|line| format!("{line}\n"));
            kept.unwrap_or_else(|| line(user, &format!("{user}-secret")))
        };
        self.replace("htpasswd", &users.iter().map(line).collect::<String>());
    }

    /// As programs that know what they do write: beside it, then renamed over it.
    fn replace(&self, name: &str, content: &str) {
        let new = self.path("new");
        std::fs::write(&new, content).unwrap();
        std::fs::rename(new, self.path(name)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn access_files(&self) -> AccessFiles {
        AccessFiles {
            htpasswd: self.path("htpasswd"),
            rules: Some(self.path("rules")),
        }
    }

    fn client(&self, login: LogIn) -> Client {
        let access = Access::watching(self.access_files(), login).unwrap();
        client(Options {
            access,
            ..Options::default()
        })
    }
}

fn line(user: &str, password: &str) -> String {
    format!("{user}:{}\n", bcrypt::hash(password, 4).unwrap())
}

#[tokio::test]
async fn a_user_who_is_added_may_log_in_from_the_next_request_on() {
    let files = Files::of(&["admin"]);
    let client = files.client(LogIn::Basic);
    push(&client, &log_in("robot"), "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
    files.set_users(&["admin", "robot"]);
    push(&client, &log_in("robot"), "robot")
        .await
        .expect_error(403, "DENIED");
    files.replace("rules", "admin pull,push admin\nrobot pull,push robot\n");
    push(&client, &log_in("robot"), "robot").await.expect(201);
    push(&client, &log_in("admin"), "admin").await.expect(201);
}

#[tokio::test]
async fn a_user_who_is_removed_is_out_at_once_though_the_password_was_right_before() {
    let files = Files::of(&["admin", "robot"]);
    let client = files.client(LogIn::Basic);
    push(&client, &log_in("robot"), "robot").await.expect(201);
    files.set_users(&["admin"]);
    pull(&client, &log_in("robot"), "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
    push(&client, &log_in("admin"), "admin").await.expect(201);
}

#[tokio::test]
async fn another_password_ends_the_one_before() {
    let files = Files::of(&["robot"]);
    let client = files.client(LogIn::Basic);
    push(&client, &log_in("robot"), "robot").await.expect(201);
    files.replace("htpasswd", &line("robot", "another"));
    pull(&client, &log_in("robot"), "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_at_once() {
    let files = Files::of(&["robot"]);
    let client = files.client(LogIn::Basic);
    push(&client, &log_in("robot"), "robot").await.expect(201);
    files.replace("rules", "robot pull robot\n");
    push(&client, &log_in("robot"), "robot")
        .await
        .expect_error(403, "DENIED");
    pull(&client, &log_in("robot"), "robot").await.expect(200);
}

#[tokio::test]
async fn a_file_that_is_written_in_place_several_times_within_a_moment_is_followed_each_time() {
    let files = Files::of(&["robot"]);
    let client = files.client(LogIn::Basic);
    // The same length, and for a coarse clock the same time: nothing but the content differs.
    for round in 0..20 {
        let (rules, status) = match round % 2 {
            0 => ("robot pull robot\n", 403),
            _ => ("robot push robot\n", 201),
        };
        std::fs::write(files.path("rules"), rules).unwrap();
        push(&client, &log_in("robot"), "robot")
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn a_damaged_or_missing_file_changes_nothing_and_the_log_says_why_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let files = Files::of(&["robot"]);
    let client = files.client(LogIn::Basic);
    let missing = "could not read";
    for (name, content, reason) in [
        (
            "htpasswd",
            Some("robot:plain-text"),
            "is not hashed with bcrypt",
        ),
        ("rules", Some("robot everything *"), "is not a right"),
        ("rules", None, missing),
        ("htpasswd", None, missing),
    ] {
        let good = std::fs::read_to_string(files.path(name)).unwrap();
        match content {
            Some(content) => files.replace(name, content),
            None => std::fs::remove_file(files.path(name)).unwrap(),
        }
        for _ in 0..3 {
            push(&client, &log_in("robot"), "robot").await.expect(201);
        }
        let text = log.take();
        assert_eq!(text.matches(reason).count(), 1, "{text}");
        assert!(
            text.contains(&files.path(name).display().to_string()),
            "{text}"
        );
        assert!(!text.contains("plain-text"), "{text}");
        files.replace(name, &good);
        push(&client, &log_in("robot"), "robot").await.expect(201);
    }
    files.set_users(&["other"]);
    push(&client, &log_in("robot"), "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_tokens_of_a_removed_user_end_at_once_and_those_of_others_go_on() {
    let files = Files::of(&["admin", "robot"]);
    let client = files.client(LogIn::Token(TokenSettings::default()));
    let robot = fetch(&client, "robot").await;
    let admin = fetch(&client, "admin").await;
    push(&client, &robot, "robot").await.expect(201);
    files.set_users(&["admin"]);
    push(&client, &robot, "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
    push(&client, &admin, "admin").await.expect(201);
    // Who comes back needs a new token: the old one was bought with a password that was taken away.
    files.set_users(&["admin", "robot"]);
    push(&client, &robot, "robot")
        .await
        .expect_error(401, "UNAUTHORIZED");
    let again = fetch(&client, "robot").await;
    push(&client, &again, "robot").await.expect(201);
    push(&client, &admin, "admin").await.expect(201);
}

#[tokio::test]
async fn a_token_opens_no_more_than_the_rules_allow_now() {
    let files = Files::of(&["robot"]);
    let client = files.client(LogIn::Token(TokenSettings::default()));
    let robot = fetch(&client, "robot").await;
    push(&client, &robot, "robot").await.expect(201);
    files.replace("rules", "robot pull robot\n");
    push(&client, &robot, "robot")
        .await
        .expect_error(403, "DENIED");
}

#[test]
fn at_the_start_both_files_must_be_good() {
    let open = |files: &Files| Access::watching(files.access_files(), LogIn::Basic).unwrap_err();
    let files = Files::of(&["robot"]);
    files.replace("rules", "robot pull");
    assert!(matches!(open(&files), AccessFileError::Rules { .. }));
    files.replace("htpasswd", "robot");
    assert!(matches!(open(&files), AccessFileError::Htpasswd { .. }));
    std::fs::remove_file(files.path("htpasswd")).unwrap();
    assert!(matches!(open(&files), AccessFileError::Read { .. }));
}

/// Fetches a token for the user's own repository and returns the header that shows it.
async fn fetch(client: &Client, user: &str) -> String {
    let authorization = log_in(user);
    let headers = [("authorization", authorization.as_str())];
    let path = format!("/token?service=registry&scope=repository:{user}:pull,push");
    let answer = client.send(Method::GET, &path, &headers, "").await;
    let answer = answer.expect(200).json();
    format!("Bearer {}", answer["token"].as_str().unwrap())
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
