//! Who may do what: HTTP Basic and rights by repository prefix.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use registry::Options;
use registry::access::{Access, Htpasswd, TokenSettings};
use registry::storage::Memory;

use crate::support::client::{Answer, Client};
use crate::support::content::sha256;

const RULES: &str = "* pull public\nadmin pull,push *\nrobot pull,push team/app\nrobot pull shared";

/// Users `admin` and `robot`, whose passwords are their names with `-secret`.
pub fn users() -> Htpasswd {
    let line = |user: &str| {
        format!(
            "{user}:{}\n",
            bcrypt::hash(format!("{user}-secret"), 4).unwrap()
        )
    };
    ["admin", "robot"].map(line).concat().parse().unwrap()
}

pub fn basic() -> Options {
    let access = Access::htpasswd(users()).with_rules(RULES.parse().unwrap());
    Options {
        access,
        ..Options::default()
    }
}

pub fn tokens(settings: TokenSettings) -> Options {
    let access = Access::tokens(users(), settings)
        .unwrap()
        .with_rules(RULES.parse().unwrap());
    Options {
        access,
        ..Options::default()
    }
}

pub fn client(options: Options) -> Client {
    Client::with(Arc::new(Memory::new()), options)
}

pub fn log_in(user: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{user}-secret")))
}

pub async fn push(client: &Client, authorization: &str, repository: &str) -> Answer {
    let path = format!(
        "/v2/{repository}/blobs/uploads/?digest={}",
        sha256(b"content")
    );
    client
        .send(
            Method::POST,
            &path,
            &[("authorization", authorization)],
            "content",
        )
        .await
}

pub async fn pull(client: &Client, authorization: &str, repository: &str) -> Answer {
    let path = format!("/v2/{repository}/blobs/{}", sha256(b"content"));
    let headers = [("authorization", authorization)];
    let headers = if authorization.is_empty() {
        &[][..]
    } else {
        &headers
    };
    client
        .send(Method::GET, &path, headers, Body::empty())
        .await
}

#[tokio::test]
async fn without_a_login_the_challenge_says_how_to_log_in() {
    let client = client(basic());
    for path in [
        "/v2/",
        "/v2/team/app/tags/list",
        "/v2/team/app/manifests/v1",
    ] {
        let answer = client.get(path).await.expect_error(401, "UNAUTHORIZED");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Basic realm=")
        );
    }
    client
        .post("/v2/team/app/blobs/uploads/")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_challenge() {
    let client = client(basic());
    for authorization in [
        format!("Basic {}", BASE64.encode("robot:wrong")),
        format!("Basic {}", BASE64.encode("nobody:robot-secret")),
        format!("Basic {}", BASE64.encode("robot")),
        "Basic %%%".to_owned(),
        "Bearer abc".to_owned(),
        "nonsense".to_owned(),
    ] {
        let answer = pull(&client, &authorization, "public")
            .await
            .expect_error(401, "UNAUTHORIZED");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Basic realm="),
            "{authorization}"
        );
    }
}

#[tokio::test]
async fn a_robot_may_push_to_its_repository_only() {
    let client = client(basic());
    push(&client, &log_in("robot"), "team/app")
        .await
        .expect(201);
    push(&client, &log_in("robot"), "team/app/part")
        .await
        .expect(201);
    for repository in ["team/apple", "team", "shared", "public"] {
        push(&client, &log_in("robot"), repository)
            .await
            .expect_error(403, "DENIED");
        push(&client, &log_in("admin"), repository)
            .await
            .expect(201);
    }
    pull(&client, &log_in("robot"), "shared").await.expect(200);
    pull(&client, &log_in("robot"), "team")
        .await
        .expect_error(403, "DENIED");
    let path = format!("/v2/shared/blobs/{}", sha256(b"content"));
    let headers = [("authorization", log_in("robot"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    client
        .send(Method::DELETE, &path, &headers, "")
        .await
        .expect_error(403, "DENIED");
}

#[tokio::test]
async fn what_is_public_can_be_pulled_without_a_login() {
    let client = client(basic());
    push(&client, &log_in("admin"), "public").await.expect(201);
    let nobody = format!("Basic {}", BASE64.encode(":"));
    for authorization in ["", nobody.as_str()] {
        pull(&client, authorization, "public").await.expect(200);
        pull(&client, authorization, "shared")
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn a_blob_is_not_mounted_from_where_it_may_not_be_pulled() {
    let client = client(basic());
    push(&client, &log_in("admin"), "secret").await.expect(201);
    let digest = sha256(b"content");
    for query in [
        format!("mount={digest}&from=secret"),
        format!("mount={digest}"),
    ] {
        let path = format!("/v2/team/app/blobs/uploads/?{query}");
        let authorization = log_in("robot");
        let headers = [("authorization", authorization.as_str())];
        client
            .send(Method::POST, &path, &headers, "")
            .await
            .expect(202);
        pull(&client, &authorization, "team/app").await.expect(404);
    }
    push(&client, &log_in("admin"), "shared").await.expect(201);
    let path = format!("/v2/team/app/blobs/uploads/?mount={digest}");
    client
        .send(
            Method::POST,
            &path,
            &[("authorization", log_in("robot").as_str())],
            "",
        )
        .await
        .expect(201);
}

#[tokio::test]
async fn without_rules_every_user_may_do_everything() {
    let client = client(Options {
        access: Access::htpasswd(users()),
        ..Options::default()
    });
    push(&client, &log_in("robot"), "any/where")
        .await
        .expect(201);
    pull(&client, "", "any/where")
        .await
        .expect_error(401, "UNAUTHORIZED");
}
