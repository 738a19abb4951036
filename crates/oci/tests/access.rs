//! What a credential can do, found out at real registries: the sibling crate's, and Debian's.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use oci::access::{AccessReport, Obstacle, Outcome, Right, Rights, Step};
use oci::{Client, Credential, ImageReference, SentCredential};
use registry::access::{Access, Htpasswd, TokenSettings};
use support::docker_registry::DockerRegistry;
use support::images;
use support::scripted::{Asked, allowed, error, scripted, token_for};
use support::server::Server;

const RULES: &str = "* pull public\nadmin pull,push *\nrobot pull,push team/app\nrobot pull shared";

fn htpasswd() -> String {
    let line = |user: &str| {
        format!(
            "{user}:{}\n",
            bcrypt::hash(format!("{user}-pass"), 4).unwrap()
        )
    };
    ["admin", "robot"].map(line).concat()
}

/// Enough for a push; a ninth upload that stays open is refused.
const OPEN_UPLOADS: usize = 8;

async fn server(access: impl FnOnce(Htpasswd) -> Access) -> Server {
    let access = access(htpasswd().parse().unwrap()).with_rules(RULES.parse().unwrap());
    let options = registry::Options {
        access,
        open_uploads_limit: OPEN_UPLOADS,
        ..registry::Options::default()
    };
    let storage = Arc::new(registry::storage::Memory::new());
    Server::start(registry::Registry::new(storage, options).router()).await
}

async fn both_kinds() -> [Server; 2] {
    [
        server(Access::htpasswd).await,
        server(|users| Access::tokens(users, TokenSettings::default()).unwrap()).await,
    ]
}

fn login(user: &'static str) -> impl Fn(&ImageReference) -> Result<Option<Credential>, String> {
    move |_| {
        Ok(Some(Credential::Password {
            username: user.into(),
            password: format!("{user}-pass").into(),
        }))
    }
}

async fn check(
    server: &Server,
    user: &'static str,
    repository: &str,
    wanted: Rights,
) -> AccessReport {
    let client = server
        .client_builder()
        .credentials(login(user))
        .build()
        .unwrap();
    client.check_access(&server.image(repository), wanted).await
}

fn outcome(report: &AccessReport, step: Step) -> Option<Outcome> {
    let found = report.steps.iter().find(|taken| taken.step == step);
    found.map(|taken| taken.outcome)
}

#[tokio::test]
async fn who_may_push_is_told_so_and_nothing_is_left_behind() {
    for server in both_kinds().await {
        // The last check would meet 429 if the uploads of those before were still open.
        for _ in 0..=OPEN_UPLOADS {
            let report = check(&server, "robot", "team/app", Rights::PULL_AND_PUSH).await;
            assert!(report.is_granted(), "{report}");
            assert_eq!(report.proven, Rights::PULL_AND_PUSH);
            assert_eq!(report.repository_exists, Some(false));
            assert_eq!(
                outcome(&report, Step::Cancel),
                Some(Outcome::Passed),
                "{report}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_alone_can_be_tried_and_asks_for_no_repository() {
    for server in both_kinds().await {
        let registry = server.image("x").registry().to_owned();
        let with = |credential: Option<Credential>| {
            let credentials = move |_: &ImageReference| Ok::<_, String>(credential.clone());
            let client = server.client_builder().credentials(credentials);
            let client = client.build().unwrap();
            let registry = registry.clone();
            async move { client.check_login(&registry).await.unwrap() }
        };
        let password = |password: &str| {
            Some(Credential::Password {
                username: "robot".into(),
                password: password.into(),
            })
        };
        let report = with(password("robot-pass")).await;
        assert!(report.is_granted(), "{report}");
        assert_eq!(report.repository, registry);
        assert!(
            report.to_string().ends_with("\nthe login works"),
            "{report}"
        );
        let report = with(password("wrong")).await;
        assert!(
            matches!(report.obstacle, Some(Obstacle::WrongPassword { .. })),
            "{report}"
        );
        assert!(report.to_string().contains("\nlogin refused: "), "{report}");
        let report = with(None).await;
        assert!(
            matches!(report.obstacle, Some(Obstacle::LoginNeeded { .. })),
            "{report}"
        );
        assert!(!report.is_granted() && !report.to_string().contains("repositories/"));
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_no_login_says_nothing_about_one() {
    let server = Server::registry().await;
    let registry = server.image("x").registry().to_owned();
    let client = server.client_builder().build().unwrap();
    let report = client.check_login(&registry).await.unwrap();
    assert!(report.is_granted());
    assert!(
        report.to_string().ends_with("\nno login is asked for"),
        "{report}"
    );
    let client = server.client_builder().credentials(login("robot"));
    let report = client.build().unwrap().check_login(&registry).await;
    let report = report.unwrap().to_string();
    assert!(
        report.ends_with("\nthe login was not asked for"),
        "{report}"
    );
}

#[tokio::test]
async fn who_may_only_pull_is_told_what_is_missing() {
    for server in both_kinds().await {
        let admin = server
            .client_builder()
            .credentials(login("admin"))
            .build()
            .unwrap();
        let image = images::one_platform("x");
        admin
            .push_layout(image.layout.directory(), &server.image("shared:v1"))
            .await
            .unwrap();
        let pull = check(&server, "robot", "shared", Rights::PULL).await;
        assert!(
            pull.is_granted() && pull.repository_exists == Some(true),
            "{pull}"
        );
        let report = check(&server, "robot", "shared", Rights::PULL_AND_PUSH).await;
        assert!(!report.is_granted());
        assert_eq!(report.proven, Rights::PULL, "{report}");
        assert_eq!(
            report.obstacle.as_ref().and_then(Obstacle::missing_right),
            Some(Right::Push),
            "{report}"
        );
    }
}

#[tokio::test]
async fn a_token_that_grants_less_is_read_before_the_registry_refuses() {
    let [_, server] = both_kinds().await;
    let report = check(&server, "robot", "team/other", Rights::PULL_AND_PUSH).await;
    assert_eq!(report.granted.as_deref(), Some(&[][..]), "{report}");
    assert_eq!(outcome(&report, Step::Scopes), Some(Outcome::Warning));
    assert!(
        matches!(&report.obstacle, Some(Obstacle::ScopesTooSmall { granted, .. }) if granted.is_empty()),
        "{report}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_no_missing_right() {
    for server in both_kinds().await {
        let wrong = |_: &ImageReference| {
            Ok(Some(Credential::Password {
                username: "robot".into(),
                password: "hunter2".into(),
            }))
        };
        let client = server.client_builder().credentials(wrong).build().unwrap();
        let report = client
            .check_access(&server.image("team/app"), Rights::PULL_AND_PUSH)
            .await;
        assert!(
            matches!(&report.obstacle, Some(Obstacle::WrongPassword { username, .. }) if username == "robot"),
            "{report}"
        );
        assert!(!format!("{report:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn without_a_credential_what_is_public_can_be_pulled_and_the_rest_asks_for_a_login() {
    for server in both_kinds().await {
        let check = async |repository, wanted| {
            let client = server.client();
            client.check_access(&server.image(repository), wanted).await
        };
        let public = check("public", Rights::PULL).await;
        assert!(public.is_granted(), "{public}");
        assert_eq!(public.credential, SentCredential::Nothing);
        for report in [
            check("public", Rights::PULL_AND_PUSH).await,
            check("team/app", Rights::PULL).await,
        ] {
            assert!(
                matches!(report.obstacle, Some(Obstacle::LoginNeeded { .. })),
                "{report}"
            );
        }
    }
}

#[tokio::test]
async fn an_open_registry_needs_no_login() {
    let server = Server::registry().await;
    let report = server
        .client()
        .check_access(&server.image("a"), Rights::PULL_AND_PUSH)
        .await;
    assert!(report.is_granted(), "{report}");
    assert_eq!(outcome(&report, Step::Login), Some(Outcome::Skipped));
}

#[tokio::test]
async fn a_registry_that_cancels_nothing_is_said_to_keep_the_upload() {
    let (router, _) = scripted(|asked| match asked.method.as_str() {
        "DELETE" => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => allowed(asked),
    });
    let server = Server::start(router).await;
    let report = server
        .client()
        .check_access(&server.image("team/app"), Rights::PUSH)
        .await;
    assert!(report.is_granted(), "{report}");
    let last = report.steps.last().unwrap();
    assert_eq!((last.step, last.outcome), (Step::Cancel, Outcome::Warning));
    assert!(
        last.detail.contains("does not cancel uploads (405)"),
        "{}",
        last.detail
    );
}

/// Refuses to list tags, which is a right of its own at some registries, and answers for manifests in several ways.
fn without_lists(asked: &Asked) -> axum::response::Response {
    match asked.path.as_str() {
        path if path.contains("/tags/list") => StatusCode::FORBIDDEN.into_response(),
        "/v2/team/secret/manifests/latest" => StatusCode::FORBIDDEN.into_response(),
        "/v2/team/broken/manifests/latest" => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        "/v2/team/page/manifests/latest" => {
            let page = axum::response::Html("<title>Sorry</title>");
            (StatusCode::NOT_FOUND, page).into_response()
        }
        "/v2/team/missing/manifests/latest" => error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", ""),
        "/v2/team/app/manifests/v1" => StatusCode::OK.into_response(),
        "/v2/team/mute/manifests/latest" => StatusCode::NOT_FOUND.into_response(),
        "/v2/team/no-head/manifests/latest" if asked.method == "HEAD" => {
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
        "/v2/team/no-head/manifests/latest" => StatusCode::OK.into_response(),
        path if path.contains("/manifests/") => {
            error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "")
        }
        _ => allowed(asked),
    }
}

#[tokio::test]
async fn pull_is_shown_by_what_a_pull_does_and_not_by_a_list_of_tags() {
    let (router, notes) = scripted(without_lists);
    let server = Server::start(router).await;
    let check = async |name: &str| {
        let client = server.client_builder().credentials(login("robot"));
        let client = client.build().unwrap();
        client.check_access(&server.image(name), Rights::PULL).await
    };
    for (name, exists) in [
        ("team/app:v1", Some(true)),
        ("team/no-head", Some(true)),
        ("team/missing", Some(false)),
        // Of the tag alone, and who may not list tags hears no more.
        ("team/app", None),
        ("team/mute", None),
    ] {
        let report = check(name).await;
        assert!(report.is_granted(), "{report}");
        assert_eq!(report.repository_exists, exists, "{report}");
    }
    let secret = check("team/secret").await;
    let missing = secret.obstacle.as_ref().and_then(Obstacle::missing_right);
    assert_eq!(missing, Some(Right::Pull), "{secret}");
    for (name, expected) in [("team/broken", 405), ("team/page", 404)] {
        let report = check(name).await;
        assert!(
            matches!(report.obstacle, Some(Obstacle::UnexpectedStatus { status, .. }) if status == expected),
            "{report}"
        );
    }
    let lines: Vec<String> = notes.lock().unwrap().iter().map(Asked::line).collect();
    assert_eq!(lines[1], "HEAD /v2/team/app/manifests/v1");
}

#[tokio::test]
async fn who_may_list_tags_and_no_more_may_not_pull() {
    let (router, _) = scripted(|asked| match asked.path.contains("/manifests/") {
        true => error(StatusCode::FORBIDDEN, "DENIED", "no"),
        false => allowed(asked),
    });
    let report = check(&Server::start(router).await, "robot", "a", Rights::PULL).await;
    let missing = report.obstacle.as_ref().and_then(Obstacle::missing_right);
    assert_eq!(missing, Some(Right::Pull), "{report}");
}

#[tokio::test]
async fn what_a_registry_may_hide_is_neither_granted_nor_refused() {
    let (router, _) = scripted(|asked| match asked.has_token() {
        _ if asked.path.starts_with("/token") => token_for(""),
        true => error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", ""),
        false => asked.bearer_challenge(),
    });
    let server = Server::start(router).await;
    let report = check(&server, "robot", "team/app", Rights::PULL).await;
    assert_eq!(report.verdict, oci::access::Verdict::Unknown, "{report}");
    assert_eq!(report.proven, Rights::default());
    assert!(matches!(report.obstacle, Some(Obstacle::Hidden { .. })));
}

/// Has nothing, and denies the push; its token grants what the user name says.
fn without_the_repository(asked: &Asked) -> axum::response::Response {
    match asked.has_token() {
        _ if asked.path.starts_with("/token") => match asked.authorization.contains("YWRtaW") {
            true => token_for("\"pull\",\"push\""),
            false => token_for("\"pull\""),
        },
        false => asked.bearer_challenge(),
        true if asked.method == "POST" => error(StatusCode::FORBIDDEN, "DENIED", "no"),
        true => error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", ""),
    }
}

#[tokio::test]
async fn a_denied_push_to_what_does_not_exist_is_a_missing_right_as_well_as_a_missing_repository() {
    let (router, _) = scripted(without_the_repository);
    let server = Server::start(router).await;
    let check = async |user| check(&server, user, "team/app", Rights::PULL_AND_PUSH).await;
    let cannot_tell = check("robot").await;
    let obstacle = cannot_tell.obstacle.as_ref().unwrap();
    assert!(
        matches!(obstacle, Obstacle::NoRightOrNoRepository { .. }),
        "{cannot_tell}"
    );
    let remedy = obstacle.remedy();
    assert!(
        remedy.contains("the right to push") && remedy.contains("in the registry first"),
        "{remedy}"
    );
    let has_right = check("admin").await;
    assert!(
        matches!(
            has_right.obstacle,
            Some(Obstacle::RepositoryMustExist { .. })
        ),
        "{has_right}"
    );
}

#[tokio::test]
async fn nothing_that_a_registry_or_a_config_says_reaches_a_terminal_as_a_command() {
    let hostile = |_: &ImageReference| {
        Ok(Some(Credential::Password {
            username: "robot\u{1b}[2J".into(),
            password: "pass".into(),
        }))
    };
    let scripts: [fn(&Asked) -> axum::response::Response; 4] = [
        |asked| match asked.path.as_str() {
            "/v2/" => allowed(asked),
            _ => error(StatusCode::FORBIDDEN, "DENIED", r"\u001b[2J"),
        },
        |_| axum::response::Html("<title>\u{1b}[2J</title>").into_response(),
        |_| support::scripted::unauthorized("Basic realm=\"fake\""),
        |asked| match asked.path.as_str() {
            "/v2/" => allowed(asked),
            _ => (StatusCode::CONFLICT, "\u{1b}[2J").into_response(),
        },
    ];
    for script in scripts {
        let server = Server::start(scripted(script).0).await;
        let client = server.client_builder().credentials(hostile);
        let image = server.image("team/app");
        let report = client
            .build()
            .unwrap()
            .check_access(&image, Rights::PULL)
            .await;
        let shown = report.to_string();
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert!(shown.contains(r"\u{1b}[2J"), "{shown}");
        assert!(report.obstacle.is_some(), "{shown}");
    }
}

#[tokio::test]
async fn a_login_that_worked_before_is_asked_for_again() {
    let (router, notes) = scripted(|asked| match asked.has_token() {
        _ if asked.path.starts_with("/token") => token_for("\"pull\",\"push\""),
        true => allowed(asked),
        false => asked.bearer_challenge(),
    });
    let server = Server::start(router).await;
    let client = server
        .client_builder()
        .credentials(login("robot"))
        .build()
        .unwrap();
    for _ in 0..2 {
        let report = client
            .check_access(&server.image("team/app"), Rights::PULL_AND_PUSH)
            .await;
        assert!(report.is_granted(), "{report}");
        assert_eq!(
            report.granted.as_deref(),
            Some(&["pull".to_owned(), "push".to_owned()][..])
        );
    }
    let lines: Vec<String> = notes.lock().unwrap().iter().map(Asked::line).collect();
    let (first, second) = lines.split_at(lines.len() / 2);
    assert_eq!(first, second);
    assert_eq!(
        first,
        [
            "GET /v2/",
            "GET /token?service=fake&scope=repository%3Ateam%2Fapp%3Apull%2Cpush",
            "HEAD /v2/team/app/manifests/latest",
            "POST /v2/team/app/blobs/uploads/",
            "DELETE /v2/team/app/blobs/uploads/1",
        ]
    );
}

#[tokio::test]
async fn what_stays_as_it_is_is_asked_once_and_what_may_pass_again() {
    for (script, expected) in [
        (
            (|_| error(StatusCode::SERVICE_UNAVAILABLE, "UNKNOWN", "")) as fn(&Asked) -> _,
            3,
        ),
        (|_| StatusCode::NOT_FOUND.into_response(), 1),
    ] {
        let (router, notes) = scripted(script);
        let server = Server::start(router).await;
        let report = server
            .client()
            .check_access(&server.image("a"), Rights::PULL)
            .await;
        assert!(report.obstacle.is_some());
        assert_eq!(notes.lock().unwrap().len(), expected, "{report}");
    }
}

#[tokio::test]
#[ignore = "needs Debian's package docker-registry"]
async fn at_docker_registry_the_answers_are_the_same() {
    let peer = DockerRegistry::start(&htpasswd()).await;
    let client = |user| {
        peer.client_builder()
            .credentials(login(user))
            .build()
            .unwrap()
    };
    let image: ImageReference = format!("{}/team/app", peer.host).parse().unwrap();
    let check = async |client: Client| client.check_access(&image, Rights::PULL_AND_PUSH).await;
    let report = check(client("robot")).await;
    assert!(report.is_granted(), "{report}");
    assert_eq!(
        outcome(&report, Step::Cancel),
        Some(Outcome::Passed),
        "{report}"
    );
    assert_eq!(peer.open_uploads("team/app"), 0);
    let stranger = check(client("stranger")).await;
    assert!(
        matches!(stranger.obstacle, Some(Obstacle::WrongPassword { .. })),
        "{stranger}"
    );
    let nobody = check(peer.client_builder().build().unwrap()).await;
    assert!(
        matches!(nobody.obstacle, Some(Obstacle::LoginNeeded { .. })),
        "{nobody}"
    );
}

#[tokio::test]
#[ignore = "needs Debian's package docker-registry"]
async fn docker_registry_lists_its_repositories() {
    let peer = DockerRegistry::start(&htpasswd()).await;
    let client = peer
        .client_builder()
        .credentials(login("robot"))
        .build()
        .unwrap();
    let image = images::one_platform("x");
    for repository in ["team/app", "team/other"] {
        let tag = format!("{}/{repository}:v1", peer.host).parse().unwrap();
        client
            .push_layout(image.layout.directory(), &tag)
            .await
            .unwrap();
    }
    assert_eq!(
        client.repositories(&peer.host).await.unwrap(),
        oci::Repositories::Listed {
            names: vec!["team/app".into(), "team/other".into()]
        }
    );
}
