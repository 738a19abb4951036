//! Tekton's merge of linked Secrets (reference: creds-init, dockercreds).

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

use std::collections::BTreeMap;

use base64::Engine;
use credentials::tekton::{
    Claim, Concern, LossReason, LostClaim, MergeError, SecretProblem, docker_config, explain,
};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn secret(name: &str, type_: &str, data: &[(&str, &str)]) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        type_: Some(type_.to_owned()),
        data: Some(
            data.iter()
                .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
                .collect(),
        ),
        ..Secret::default()
    }
}

fn config_json(name: &str, auths: &Value) -> Secret {
    secret(
        name,
        "kubernetes.io/dockerconfigjson",
        &[(".dockerconfigjson", &json!({"auths": auths}).to_string())],
    )
}

fn docker_cfg(name: &str, auths: &Value) -> Secret {
    secret(
        name,
        "kubernetes.io/dockercfg",
        &[(".dockercfg", &auths.to_string())],
    )
}

fn basic_auth(name: &str, annotations: &[(&str, &str)]) -> Secret {
    let mut secret = secret(
        name,
        "kubernetes.io/basic-auth",
        &[("username", "robot"), ("password", name)],
    );
    secret.metadata.annotations = Some(
        annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    );
    secret
}

fn merged(secrets: &[Secret]) -> Value {
    let config = docker_config(secrets)
        .unwrap()
        .expect("there is something to write");
    serde_json::from_str(config.to_json().expose_secret()).unwrap()
}

#[test]
fn of_two_secrets_of_one_type_the_later_wins() {
    let secrets = [
        config_json("a", &json!({"quay.io": {"auth": "first"}})),
        config_json("b", &json!({"quay.io": {"auth": "second"}})),
    ];
    assert_eq!(
        merged(&secrets),
        json!({"auths": {"quay.io": {"auth": "second"}}})
    );
}

#[test]
fn the_type_counts_before_the_order() {
    let url = ("tekton.dev/docker-0", "quay.io");
    let auths = |value: &str| json!({"quay.io": {"auth": value}});
    assert_eq!(
        merged(&[
            config_json("b", &auths("json")),
            docker_cfg("a", &auths("cfg"))
        ])["auths"]["quay.io"]["auth"],
        "json"
    );
    let all = [
        basic_auth("basic", &[url]),
        config_json("b", &auths("json")),
        docker_cfg("a", &auths("cfg")),
    ];
    assert_eq!(
        merged(&all)["auths"]["quay.io"],
        json!({"username": "robot", "password": "basic", "auth": "cm9ib3Q6YmFzaWM=", "email": "not@val.id"})
    );
}

#[test]
fn different_spellings_of_a_registry_stay_different_entries() {
    let keys = json!({"quay.io": {"auth": "1"}, "https://quay.io": {"auth": "2"}, "https://quay.io/v1/": {"auth": "3"}, "QUAY.IO": {"auth": "4"}});
    assert_eq!(merged(&[config_json("a", &keys)]), json!({"auths": keys}));
}

#[test]
fn four_fields_survive_and_auth_is_always_there() {
    let entry = json!({"username": "u", "password": "p", "email": "e", "identitytoken": "x", "registrytoken": "x", "other": 1});
    let all =
        json!({"auths": {"quay.io": entry}, "credsStore": "desktop", "credHelpers": {"a": "b"}})
            .to_string();
    let secret = secret(
        "a",
        "kubernetes.io/dockerconfigjson",
        &[(".dockerconfigjson", &all)],
    );
    assert_eq!(
        merged(&[secret]),
        json!({"auths": {"quay.io": {"username": "u", "password": "p", "auth": "", "email": "e"}}})
    );
}

#[test]
fn other_types_and_basic_auth_without_a_docker_annotation_give_no_file() {
    let git = basic_auth("git", &[("tekton.dev/git-0", "https://example.com")]);
    let opaque = secret("opaque", "Opaque", &[(".dockerconfigjson", "{")]);
    assert!(docker_config(&[git, opaque]).unwrap().is_none());
    assert!(docker_config(&[]).unwrap().is_none());
    assert!(
        docker_config(&[config_json("empty", &json!({}))])
            .unwrap()
            .is_none()
    );
}

#[test]
fn one_unusable_secret_spoils_all() {
    let good = config_json("good", &json!({"quay.io": {"auth": "YTpi"}}));
    let problem_of = |bad: Secret| match docker_config(&[good.clone(), bad]) {
        Err(MergeError::Secret { secret, problem }) => (secret, problem),
        other => panic!("expected a problem with a Secret, got {other:?}"),
    };
    let broken = secret(
        "bad",
        "kubernetes.io/dockerconfigjson",
        &[(".dockerconfigjson", "hunter2")],
    );
    let (name, problem) = problem_of(broken);
    assert_eq!(name, "bad");
    assert!(
        matches!(problem, SecretProblem::NotDockerConfig(_))
            && !problem.to_string().contains("hunter2")
    );
    assert_eq!(
        problem_of(secret("bad", "kubernetes.io/dockercfg", &[])).1,
        SecretProblem::MissingKey(".dockercfg")
    );
    let mut without_password = basic_auth("bad", &[("tekton.dev/docker-0", "quay.io")]);
    without_password.data = Some(BTreeMap::from([(
        "username".to_owned(),
        ByteString(b"u".to_vec()),
    )]));
    assert_eq!(
        problem_of(without_password.clone()).1,
        SecretProblem::MissingKey("password")
    );
    without_password.data = Some(BTreeMap::from([(
        "username".to_owned(),
        ByteString(vec![0xff]),
    )]));
    assert_eq!(
        problem_of(without_password).1,
        SecretProblem::NotText("username")
    );
    let equals = basic_auth("bad", &[("tekton.dev/docker-0", "quay.io?a=b")]);
    assert_eq!(
        problem_of(equals).1,
        SecretProblem::EqualsSign("quay.io?a=b".to_owned())
    );
}

#[test]
fn two_basic_auth_secrets_for_one_url_are_refused() {
    let url = ("tekton.dev/docker-0", "quay.io");
    let error = docker_config(&[basic_auth("a", &[url]), basic_auth("b", &[url])]).unwrap_err();
    assert_eq!(
        error,
        MergeError::DuplicateUrl {
            url: "quay.io".into(),
            first: "a".into(),
            second: "b".into()
        }
    );
}

#[test]
fn the_second_mention_of_a_secret_is_ignored() {
    let secret = basic_auth("a", &[("tekton.dev/docker-0", "quay.io")]);
    assert!(docker_config(&[secret.clone(), secret]).unwrap().is_some());
}

proptest! {
    /// The model: a list of (is the old format, key, auth); the class decides first, then the position.
    #[test]
    fn the_last_of_the_last_class_wins_for_every_key(
        entries in proptest::collection::vec((any::<bool>(), "[ab](\\.io)?(/x)?|https://a", "[a-z]{0,6}"), 1..12)
    ) {
        let secrets: Vec<Secret> = entries.iter().enumerate().map(|(index, (old, key, auth))| {
            let auths = json!({key: {"auth": auth, "identitytoken": "dropped"}});
            if *old { docker_cfg(&index.to_string(), &auths) } else { config_json(&index.to_string(), &auths) }
        }).collect();
        let mut expected: BTreeMap<&str, &str> = BTreeMap::new();
        for old_first in [true, false] {
            for (_, key, auth) in entries.iter().filter(|(old, ..)| *old == old_first) {
                expected.insert(key, auth);
            }
        }
        let expected: serde_json::Map<String, Value> =
            expected.into_iter().map(|(key, auth)| (key.to_owned(), json!({"auth": auth}))).collect();
        prop_assert_eq!(merged(&secrets), json!({"auths": expected}));
    }

    #[test]
    fn basic_auth_is_encoded_from_its_two_values(password in "[ -~]{1,30}") {
        let mut secret = basic_auth("a", &[("tekton.dev/docker-hub", "https://index.docker.io/v1/")]);
        secret.data.as_mut().unwrap().insert("password".to_owned(), ByteString(password.clone().into_bytes()));
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("robot:{password}"));
        let merged = merged(&[secret]);
        prop_assert_eq!(&merged["auths"]["https://index.docker.io/v1/"]["auth"], &Value::String(expected));
    }
}

fn claim(secret: &str, key: &str) -> Claim {
    Claim {
        secret: secret.to_owned(),
        key: key.to_owned(),
    }
}

#[test]
fn the_explanation_names_the_winner_and_why_each_other_lost() {
    let login = |user: &str| {
        let pair = format!("{user}:pw");
        json!({"auth": base64::engine::general_purpose::STANDARD.encode(pair)})
    };
    let secrets = [
        config_json(
            "common",
            &json!({"quay.io": login("common"), "ghcr.io": login("x")}),
        ),
        config_json("old", &json!({"quay.io/team": login("old")})),
        config_json("new", &json!({"quay.io/team": login("new")})),
        docker_cfg("legacy", &json!({"quay.io/team": login("legacy")})),
    ];
    let explanation = explain(&secrets, "quay.io/team/application").unwrap();
    assert_eq!(explanation.winner, Some(claim("new", "quay.io/team")));
    assert_eq!(explanation.credential.unwrap().unwrap().username, "new");
    let by = "new".to_owned();
    let lost = |secret: &str, key: &str, reason: LossReason| LostClaim {
        claim: claim(secret, key),
        reason,
    };
    let older_type = LossReason::TypeCountsLess { by: by.clone() };
    let overwritten = LossReason::Overwritten { by };
    assert_eq!(
        explanation.lost,
        [
            lost("legacy", "quay.io/team", older_type),
            lost("common", "quay.io", LossReason::LessSpecific),
            lost("old", "quay.io/team", overwritten),
        ]
    );
    assert!(explanation.concerns.is_empty());
}

#[test]
fn a_repository_without_an_entry_is_anonymous() {
    let secrets = [config_json("a", &json!({"ghcr.io": {"auth": "YTpi"}}))];
    let explanation = explain(&secrets, "quay.io/team/application").unwrap();
    assert!(explanation.winner.is_none() && explanation.lost.is_empty());
    assert!(explanation.credential.unwrap().is_none());
}

#[test]
fn what_some_tools_do_not_find_is_a_concern() {
    let concerns = |auths: Value, repository: &str| {
        explain(&[config_json("a", &auths)], repository)
            .unwrap()
            .concerns
    };
    let pair = json!({"username": "a", "password": "b"});
    assert_eq!(
        concerns(json!({"quay.io": pair}), "quay.io/a"),
        [Concern::NoAuth]
    );
    let auth = json!({"auth": "YTpi"});
    assert_eq!(
        concerns(json!({"https://quay.io": auth}), "quay.io/a"),
        [Concern::KeyNotPlain]
    );
    assert!(
        concerns(
            json!({"https://index.docker.io/v1/": auth}),
            "docker.io/a/b"
        )
        .is_empty()
    );
}

#[test]
fn an_entry_without_auth_wins_and_logs_nobody_in() {
    let pair = json!({"username": "a", "password": "b"});
    let secrets = [config_json("a", &json!({"quay.io": pair}))];
    let explanation = explain(&secrets, "quay.io/team/a").unwrap();
    assert_eq!(explanation.winner, Some(claim("a", "quay.io")));
    assert!(explanation.credential.unwrap().is_none());
}

#[test]
fn a_key_that_no_tool_reads_is_no_winner_and_is_said_to_be_unread() {
    let auth = json!({"auth": "YTpi"});
    for (key, plain) in [
        ("quay.io/", "quay.io"),
        ("Quay.IO/team", "quay.io/team"),
        ("https://QUAY.io/v1/", "quay.io"),
    ] {
        let secrets = [config_json("a", &json!({key: auth}))];
        let explanation = explain(&secrets, "quay.io/team/application").unwrap();
        assert!(explanation.winner.is_none() && explanation.lost.is_empty());
        let claim = claim("a", key);
        let plain = plain.to_owned();
        assert_eq!(
            explanation.concerns,
            [Concern::KeyNotRead { claim, plain }],
            "{key}"
        );
    }
    // An organization of that name, and nothing else.
    let secrets = [config_json("a", &json!({"quay.io/v2": auth}))];
    let explanation = explain(&secrets, "quay.io/team/application").unwrap();
    assert!(explanation.winner.is_none() && explanation.concerns.is_empty());
    let secrets = [config_json(
        "a",
        &json!({"https://QUAY.io/\u{1b}[2J": auth}),
    )];
    let concern = explain(&secrets, "quay.io/a").unwrap().concerns[0].to_string();
    insta::assert_snapshot!(concern, @r"entry `https://QUAY.io/\u{1b}[2J` of Secret `a` is not read for this repository: Buildah and Skopeo compare keys as they are written; write it as `quay.io`");
}

#[test]
fn an_unusable_secret_leaves_nothing_to_explain() {
    let broken = secret("bad", "kubernetes.io/dockercfg", &[]);
    assert!(explain(&[broken], "quay.io/a").is_err());
}
