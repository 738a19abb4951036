//! `/v2/_catalog`: the repositories, to those who may pull them. The specification has no such endpoint.

use http::Method;
use registry::access::TokenSettings;
use serde_json::json;

use crate::access::{basic, client, log_in, push, tokens};
use crate::support::client::Client;
use crate::support::content::sha256;
use crate::support::stores::TestStore;

crate::for_both_stores_and_over_tls!(repositories_are_listed_in_order_and_in_pages);

async fn repositories_are_listed_in_order_and_in_pages(store: TestStore) {
    let client = store.client().await;
    let empty = client.get("/v2/_catalog").await.expect(200);
    assert_eq!(empty.json(), json!({ "repositories": [] }));
    for repository in ["b", "a/b", "c", "a"] {
        client
            .push_blob(repository, &sha256(b"blob"), b"blob")
            .await
            .expect(201);
    }
    let mut path = "/v2/_catalog?n=3".to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = client.get(&path).await.expect(200);
        pages.push(answer.json()["repositories"].clone());
        let Some(link) = answer.headers.get("link") else {
            break;
        };
        let (next, rest) = link.to_str().unwrap()[1..].split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        path = next.to_owned();
    }
    assert_eq!(pages, [json!(["a", "a/b", "b"]), json!(["c"])]);
    let nonsense = client.get("/v2/_catalog?n=many").await;
    nonsense.expect_error(400, "UNSUPPORTED");
}

#[tokio::test]
async fn repositories_are_listed_to_those_who_may_pull_them() {
    let with_passwords = client(basic());
    let with_tokens = client(tokens(TokenSettings::default()));
    let everything = ["public", "secret", "shared", "team/app", "team/app/part"];
    for repository in everything {
        push(&with_passwords, &log_in("admin"), repository)
            .await
            .expect(201);
        let scope = format!("repository:{repository}:pull,push");
        let token = token(&with_tokens, "admin", &scope).await;
        push(&with_tokens, &token, repository).await.expect(201);
    }
    let listed = async |client: &Client, authorization: &str, query: &str| {
        let headers = [("authorization", authorization)];
        let path = format!("/v2/_catalog{query}");
        let answer = client.send(Method::GET, &path, &headers, "").await;
        answer.expect(200).json()["repositories"].clone()
    };
    let robots = ["public", "shared", "team/app", "team/app/part"];
    for (user, expected) in [("admin", &everything[..]), ("robot", &robots)] {
        let token = token(&with_tokens, user, "registry:catalog:*").await;
        for (client, authorization) in [(&with_passwords, &log_in(user)), (&with_tokens, &token)] {
            assert_eq!(listed(client, authorization, "").await, json!(expected));
            // A page is full of what may be seen, and what may not is not counted.
            let second = listed(client, authorization, "?n=2&last=public").await;
            assert_eq!(second, json!(expected[1..3]));
        }
    }
    for client in [&with_passwords, &with_tokens] {
        client
            .get("/v2/_catalog")
            .await
            .expect_error(401, "UNAUTHORIZED");
    }
    // A token for something else does not list.
    let other = token(&with_tokens, "admin", "repository:public:pull").await;
    let headers = [("authorization", other.as_str())];
    with_tokens
        .send(Method::GET, "/v2/_catalog", &headers, "")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

async fn token(client: &Client, user: &str, scope: &str) -> String {
    let path = format!("/token?service=registry&scope={scope}");
    let headers = [("authorization", log_in(user))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = client.send(Method::GET, &path, &headers, "").await;
    let answer = answer.expect(200).json();
    format!("Bearer {}", answer["token"].as_str().unwrap())
}
