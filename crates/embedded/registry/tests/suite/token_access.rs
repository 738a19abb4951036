//! Bearer tokens: the challenge, the token endpoint, and what a token opens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use registry::access::TokenSettings;

use crate::access::{basic, client, log_in, pull, push, tokens};
use crate::support::client::Client;

#[tokio::test]
async fn a_token_is_fetched_as_the_challenge_says_and_opens_the_repository() {
    let client = client(tokens(TokenSettings::default()));
    let path = "/v2/team/app/blobs/uploads/";
    let answer = client
        .send(Method::POST, path, &[("host", "example.org:5001")], "")
        .await;
    assert_eq!(
        answer
            .expect_error(401, "UNAUTHORIZED")
            .header("www-authenticate"),
        "Bearer realm=\"https://example.org:5001/token\",service=\"registry\",scope=\"repository:team/app:pull,push\""
    );
    let token = fetch(
        &client,
        Some("robot"),
        "&scope=repository:team/app:pull,push",
    )
    .await;
    push(&client, &token, "team/app").await.expect(201);
    pull(&client, &token, "team/app").await.expect(200);
    client
        .send(Method::GET, "/v2/", &[("authorization", &token)], "")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_token_for_less_is_answered_with_what_is_needed() {
    let client = client(tokens(TokenSettings::default()));
    let token = fetch(&client, Some("robot"), "&scope=repository:team/app:pull").await;
    let answer = push(&client, &token, "team/app")
        .await
        .expect_error(401, "UNAUTHORIZED");
    assert!(
        answer
            .header("www-authenticate")
            .ends_with(",scope=\"repository:team/app:pull,push\",error=\"insufficient_scope\"")
    );
    // Where no token would help, the answer is final.
    push(&client, &token, "shared")
        .await
        .expect_error(403, "DENIED");
    // A token never contains more than the rules allow, whatever was asked for.
    let scopes = "&scope=repository:shared:*&scope=repository:team/app:*%20repository:secret:pull&scope=registry:catalog:*";
    let token = fetch(&client, Some("robot"), scopes).await;
    push(&client, &token, "team/app").await.expect(201);
    pull(&client, &token, "shared").await.expect(404);
    push(&client, &token, "shared")
        .await
        .expect_error(403, "DENIED");
    pull(&client, &token, "secret")
        .await
        .expect_error(403, "DENIED");
}

#[tokio::test]
async fn an_anonymous_token_opens_what_is_public() {
    let client = client(tokens(TokenSettings::default()));
    let admin = fetch(&client, Some("admin"), "&scope=repository:public:push").await;
    push(&client, &admin, "public").await.expect(201);
    let token = fetch(&client, None, "&scope=repository:public:pull,push").await;
    pull(&client, &token, "public").await.expect(200);
    push(&client, &token, "public")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn tokens_end_with_their_time_and_cannot_be_made_up() {
    let expired = TokenSettings {
        lifetime: Duration::ZERO,
        ..TokenSettings::default()
    };
    let client = client(tokens(expired));
    let token = fetch(&client, Some("admin"), "&scope=repository:public:pull").await;
    for authorization in [token.as_str(), "Bearer a.b.c", "Bearer", &log_in("admin")] {
        let answer = pull(&client, authorization, "public")
            .await
            .expect_error(401, "UNAUTHORIZED");
        let challenge = answer.header("www-authenticate");
        let wanted = ",scope=\"repository:public:pull\",error=\"invalid_token\"";
        assert!(
            challenge.starts_with("Bearer realm=") && challenge.ends_with(wanted),
            "{authorization}: {challenge}"
        );
    }
}

#[tokio::test]
async fn the_token_endpoint_refuses_what_it_cannot_answer() {
    let realm = "https://tokens.example.org/here".to_owned();
    let client = client(tokens(TokenSettings {
        service: "mine".to_owned(),
        realm: Some(realm),
        ..TokenSettings::default()
    }));
    let wrong = format!("Basic {}", BASE64.encode("robot:wrong"));
    let answer = client
        .send(Method::GET, "/token", &[("authorization", &wrong)], "")
        .await;
    assert!(
        answer
            .expect_error(401, "UNAUTHORIZED")
            .header("www-authenticate")
            .starts_with("Basic realm=")
    );
    client
        .get("/token?service=another")
        .await
        .expect_error(400, "UNSUPPORTED");
    client
        .get("/token?service=mine&scope=nonsense")
        .await
        .expect_error(400, "UNSUPPORTED");
    // A name that no repository here can have is worth nothing, and spoils no other scope.
    let scopes = "/token?scope=repository:../etc:pull&scope=repository:public:pull";
    let bought = client.get(scopes).await.expect(200).json();
    assert_eq!(bought["scope"], "repository:public:pull");
    client
        .delete("/token")
        .await
        .expect_error(405, "UNSUPPORTED");
    client.post("/token").await.expect_error(415, "UNSUPPORTED");
    for (form, status, code) in [
        ("scope=a", 400, "UNSUPPORTED"),
        ("grant_type=authorization_code", 400, "UNSUPPORTED"),
        ("grant_type=password&username=robot", 400, "UNSUPPORTED"),
        (
            "grant_type=password&username=robot&password=wrong",
            401,
            "UNAUTHORIZED",
        ),
        (
            "grant_type=refresh_token&refresh_token=a.b.c",
            401,
            "UNAUTHORIZED",
        ),
        ("grant_type=password&service=another", 400, "UNSUPPORTED"),
    ] {
        post(&client, form).await.expect_error(status, code);
    }
    let long = format!("grant_type={}", "a".repeat(100_000));
    post(&client, &long).await.expect_error(400, "SIZE_INVALID");
    let challenge = client.get("/v2/").await.expect(401);
    assert_eq!(
        challenge.header("www-authenticate"),
        "Bearer realm=\"https://tokens.example.org/here\",service=\"mine\""
    );
    let without = crate::access::client(basic());
    without.get("/token").await.expect_error(404, "UNSUPPORTED");
}

#[tokio::test]
async fn a_form_with_a_password_or_a_refresh_token_buys_a_token() {
    let client = client(tokens(TokenSettings::default()));
    let scope = "scope=repository%3Ateam%2Fapp%3Apull%2Cpush";
    let login = format!(
        "grant_type=password&service=registry&client_id=test&access_type=offline&{scope}&username=robot&password=robot-secret"
    );
    let answer = post(&client, &login).await.expect(200).json();
    assert_eq!(answer["scope"], "repository:team/app:pull,push");
    let bearer =
        |answer: &serde_json::Value| format!("Bearer {}", answer["access_token"].as_str().unwrap());
    push(&client, &bearer(&answer), "team/app")
        .await
        .expect(201);

    let refresh = answer["refresh_token"].as_str().unwrap().to_owned();
    let form = format!("grant_type=refresh_token&service=registry&{scope}&refresh_token={refresh}");
    let answer = post(&client, &form).await.expect(200).json();
    push(&client, &bearer(&answer), "team/app")
        .await
        .expect(201);
    assert_eq!(
        answer.get("refresh_token"),
        None,
        "given to those who ask for it"
    );

    // A refresh token opens nothing by itself, and a token refreshes nothing.
    push(&client, &format!("Bearer {refresh}"), "team/app")
        .await
        .expect(401);
    let token = answer["access_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    post(&client, &form).await.expect(401);
    // Nobody in particular gets no refresh token.
    let anonymous = client.get("/token?offline_token=true").await.expect(200);
    assert_eq!(anonymous.json().get("refresh_token"), None);
}

async fn post(client: &Client, form: &str) -> crate::support::client::Answer {
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    client
        .send(Method::POST, "/token", &form_type, form.to_owned())
        .await
}

/// Fetches a token and returns the header that shows it.
async fn fetch(client: &Client, user: Option<&str>, scopes: &str) -> String {
    let authorization = user.map(log_in);
    let headers: Vec<_> = authorization
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    let path = format!("/token?service=registry{scopes}");
    let answer = client
        .send(Method::GET, &path, &headers, "")
        .await
        .expect(200)
        .json();
    assert_eq!(answer["token"], answer["access_token"]);
    assert!(answer["expires_in"].is_u64());
    format!("Bearer {}", answer["token"].as_str().unwrap())
}
