//! What the program writes to its log: everything with `RUST_LOG=trace`, and never a secret.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::process::Command;

use crate::support::certificates::Certificates;
use crate::support::content::sha256;
use crate::support::program::Program;

const PASSWORD: &str = "the-password-of-robot";
const WRONG: &str = "a-wrong-password";
const UNHASHED: &str = "a-password-without-a-hash";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_and_tokens_are_never_logged() {
    for authentication in ["basic", "token"] {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        let certificates = Certificates::new();
        write("tls.crt", &certificates.certificate);
        write("tls.key", &certificates.key);
        let hash = bcrypt::hash(PASSWORD, 4).unwrap();
        write("users", &format!("robot:{hash}"));
        write("rules", "robot pull,push team");
        // The whole process writes here, whichever of its threads it is.
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = command(folder.path(), authentication);
        let program = Program::spawn(command.stderr(log)).await;
        let mut secrets = vec![PASSWORD.to_owned(), WRONG.into(), UNHASHED.into(), hash];
        secrets
            .extend([PASSWORD, WRONG].map(|password| BASE64.encode(format!("robot:{password}"))));
        let authority = reqwest::Certificate::from_pem(certificates.authority.as_bytes()).unwrap();
        for http_1_only in [false, true] {
            let client = reqwest::Client::builder().tls_certs_only([authority.clone()]);
            let client = match http_1_only {
                true => client.http1_only(),
                false => client,
            };
            let client = client.build().unwrap();
            secrets.extend(use_credentials(&client, &program.url, authentication).await);
        }
        // A damaged file is complained about, without what is in it.
        write("new", &format!("robot:{UNHASHED}"));
        std::fs::rename(folder.path().join("new"), folder.path().join("users")).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]);
        let root = format!("{}/v2/", program.url);
        client.build().unwrap().get(root).send().await.unwrap();
        program.stop().await;

        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        for expected in [
            " TRACE ",
            "users and rules stay as they were",
            "shutting down",
        ] {
            assert!(log.contains(expected), "no {expected:?} in the log");
        }
        for secret in secrets {
            assert!(!secret.is_empty());
            assert!(
                !log.contains(&secret),
                "{authentication}: {secret} is in the log"
            );
        }
    }
}

fn command(folder: &Path, authentication: &str) -> Command {
    let mut command = Program::command();
    command.current_dir(folder).env("RUST_LOG", "trace");
    command.args(["--tls-cert", "tls.crt", "--tls-key", "tls.key"]);
    command.args(["--storage", "data", "--htpasswd", "users"]);
    command.args(["--rules", "rules", "--authentication", authentication]);
    command
}

/// Logs in, rightly and wrongly, in every way there is. Returns the tokens that were given out.
async fn use_credentials(client: &reqwest::Client, url: &str, authentication: &str) -> Vec<String> {
    let push = |repository: &str| {
        let digest = sha256(b"content");
        let path = format!("{url}/v2/{repository}/blobs/uploads/?digest={digest}");
        client.post(path).body("content")
    };
    let mut tokens = Vec::new();
    if authentication == "token" {
        let scope = "scope=repository:team:pull,push";
        let path = format!("{url}/token?service=registry&offline_token=true&{scope}");
        let by_get = client.get(&path).basic_auth("robot", Some(PASSWORD));
        let form = |grant: &str| {
            let form = "application/x-www-form-urlencoded";
            let body = format!("{grant}&service=registry&access_type=offline&{scope}");
            let request = client.post(format!("{url}/token"));
            request.header("content-type", form).body(body)
        };
        let by_form = form(&format!(
            "grant_type=password&username=robot&password={PASSWORD}"
        ));
        for request in [by_get, by_form] {
            let answer = request.send().await.unwrap().error_for_status().unwrap();
            let answer: serde_json::Value = answer.json().await.unwrap();
            for name in ["token", "access_token", "refresh_token"] {
                tokens.extend(answer[name].as_str().map(str::to_owned));
            }
        }
        let refresh = tokens.last().unwrap();
        let refreshed = form(&format!("grant_type=refresh_token&refresh_token={refresh}"));
        assert_eq!(refreshed.send().await.unwrap().status(), 200);
        let wrong = form(&format!(
            "grant_type=password&username=robot&password={WRONG}"
        ));
        assert_eq!(wrong.send().await.unwrap().status(), 401);
        let wrong = client.get(&path).basic_auth("robot", Some(WRONG));
        assert_eq!(wrong.send().await.unwrap().status(), 401);
        for (repository, status) in [("team", 201), ("shared", 403)] {
            let pushed = push(repository).bearer_auth(&tokens[0]).send().await;
            assert_eq!(pushed.unwrap().status(), status);
        }
        let made_up = push("team").bearer_auth(&tokens[0][1..]).send().await;
        assert_eq!(made_up.unwrap().status(), 401);
    }
    let basic = authentication == "basic";
    for (password, status) in [(PASSWORD, if basic { 201 } else { 401 }), (WRONG, 401)] {
        let pushed = push("team").basic_auth("robot", Some(password)).send();
        assert_eq!(pushed.await.unwrap().status(), status);
    }
    tokens
}
