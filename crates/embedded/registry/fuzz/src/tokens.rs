//! Tokens and scopes: nobody gets more than the rules give, and no token can be made up.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use registry::Options;
use registry::access::{Access, Right, Rules, TokenSettings};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::requests::Server;

const RULES: &str = "* pull public\nrobot pull,push team/app\nrobot pull shared";
const PASSWORD: &str = "a long password that no fuzzer guesses, 5f0d7a";

thread_local! {
    static SERVER: Server = server();
}

fn server() -> Server {
    // The least cost: what is fuzzed is not bcrypt.
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let users = format!("robot:{hash}").parse().unwrap();
    let access = Access::tokens(users, TokenSettings::default()).unwrap();
    let access = access.with_rules(RULES.parse::<Rules>().unwrap());
    Server::in_memory(Options {
        access,
        ..Options::default()
    })
}

/// Uses `data` as an `Authorization` header, as scopes, as a form, and as a change of a good token.
pub fn target(data: &[u8]) {
    SERVER.with(|server| {
        let header = [("authorization", data)];
        let bearer = [b"Bearer ", data].concat();
        let invented = [("authorization", bearer.as_slice())];
        for headers in [&header, &invented] {
            if let Some(answer) = server.send(Method::GET, "/v2/", headers, "") {
                assert_eq!(answer.status, 401);
            }
        }
        scopes(server, data);
        let form = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        let answer = server.send(Method::POST, "/token", &form, data.to_vec());
        assert_ne!(answer.unwrap().status, 200);
        changed(server, data);
    });
}

/// Asks for whatever rights `data` names, with the robot's password and without.
fn scopes(server: &Server, data: &[u8]) {
    let scope: String = byte_serialize(data).collect();
    let uri = format!("/token?service=registry&scope={scope}");
    let basic = format!("Basic {}", STANDARD.encode(format!("robot:{PASSWORD}")));
    let robot = [("authorization", basic.as_bytes())];
    for (user, headers) in [(None, &[][..]), (Some("robot"), &robot[..])] {
        let Some(answer) = server.send(Method::GET, &uri, headers, "") else {
            continue;
        };
        if answer.status != 200 {
            assert_eq!(answer.status, 400);
            continue;
        }
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let token = answer["token"].as_str().unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        for grant in claims["access"].as_array().unwrap() {
            // Everyone may ask for the list of repositories, and sees those in it that they may pull.
            if *grant == json!({ "type": "registry", "name": "catalog", "actions": ["*"] }) {
                continue;
            }
            assert_eq!(grant["type"], "repository");
            let actions = grant["actions"].as_array().unwrap();
            for action in actions {
                let name = grant["name"].as_str().unwrap();
                assert!(
                    allowed(user, action.as_str().unwrap(), name),
                    "{user:?} got {action} in {name}"
                );
            }
        }
    }
}

/// The rules, read in another way.
fn allowed(user: Option<&str>, action: &str, name: &str) -> bool {
    let below = |prefix: &str| name == prefix || name.starts_with(&format!("{prefix}/"));
    let pull = action == Right::Pull.name();
    (below("public") && pull)
        || (user.is_some() && below("team/app"))
        || (user.is_some() && below("shared") && pull)
}

/// Changes a good token by exclusive or with `data`.
fn changed(server: &Server, data: &[u8]) {
    let answer = server.send(Method::GET, "/token?service=registry", &[], "");
    let answer: Value = serde_json::from_slice(&answer.unwrap().body).unwrap();
    let good = answer["token"].as_str().unwrap().as_bytes();
    let mut token = good.to_vec();
    for (position, byte) in data.iter().enumerate() {
        let position = position % token.len();
        token[position] ^= byte;
    }
    let value = [b"Bearer ", token.as_slice()].concat();
    let headers = [("authorization", value.as_slice())];
    if let Some(answer) = server.send(Method::GET, "/v2/", &headers, "") {
        assert_eq!(answer.status == 200, token == good);
    }
}
