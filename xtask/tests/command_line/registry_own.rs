//! `registry login`, `list` and `inspect`: a deployment's own registry.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::registry_support::HOST;
use crate::support::{Ran, Sandbox};

const PROOF: &str = "konflux-local/registry-proof";

#[test]
fn a_login_serves_skopeo_and_the_commands_here_and_is_never_printed() {
    let sandbox = Sandbox::with_registry_login();
    let first = sandbox.registry(&["login"]);
    first.expect(
        0,
        &[
            "added localhost:",
            "--cert-dir",
            "/etc/docker/certs.d/localhost:",
        ],
    );
    let file = sandbox.default_auth_file();
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = sandbox.registry(&["login"]);
    again.expect(0, &["has this login already"]);
    let secret = sandbox.json("auth.json")["auths"][HOST]["auth"]
        .as_str()
        .unwrap()
        .to_owned();
    for ran in [&first, &again] {
        assert!(
            !ran.stderr.contains(&secret) && ran.stdout.is_empty(),
            "{ran:?}"
        );
    }
    let output = Command::new("skopeo")
        .args(["inspect", "--cert-dir"])
        .arg(sandbox.deployment())
        .arg(format!(
            "docker://localhost:{}/{PROOF}:latest",
            sandbox.registry_port()
        ))
        .env("XDG_RUNTIME_DIR", sandbox.folder().join("run"))
        .env("HOME", sandbox.folder())
        .output()
        .expect("skopeo must be on PATH (Debian: apt-get install skopeo)");
    Ran::from(output).expect(0, &[]);
    sandbox
        .registry(&["check", &format!("{HOST}/any/thing")])
        .expect(0, &[]);
}

#[test]
fn a_login_goes_with_the_deployment_and_nothing_else_does() {
    let sandbox = Sandbox::with_registry_login();
    let auths = |file: &std::path::Path| {
        let content: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        content["auths"].clone()
    };
    let login = |name: &str, content: &str| {
        let file = sandbox.file(name, content);
        let ran = sandbox.registry(&["login", "--auth-file", &file]);
        ran.expect(0, &["added localhost:"]);
        std::path::PathBuf::from(file)
    };
    let first = login(
        "first.json",
        r#"{"auths": {"quay.io": {"auth": "dTpw"}}, "credsStore": "pass"}"#,
    );
    let gone = login("gone.json", "{}");
    std::fs::remove_file(&gone).unwrap();
    let damaged = login("damaged.json", "{}");
    std::fs::write(&damaged, "{\"auths\": ").unwrap();
    // Somebody else's login under one of the keys is not ours to take away.
    let other = login("other.json", "{}");
    let mut content: Value = serde_json::from_slice(&std::fs::read(&other).unwrap()).unwrap();
    content["auths"][HOST]["auth"] = "b3RoZXI6b3RoZXI=".into();
    std::fs::write(&other, content.to_string()).unwrap();
    sandbox.run(&["destroy"]).expect(
        0,
        &[
            &format!("removed its login from {}", first.display()),
            &format!("removed its login from {}", other.display()),
            "what is left is named below",
            "warning: the deployment's login was not removed: ",
            "damaged.json",
        ],
    );
    assert_eq!(
        auths(&first),
        serde_json::json!({"quay.io": {"auth": "dTpw"}})
    );
    assert_eq!(
        auths(&other),
        serde_json::json!({HOST: {"auth": "b3RoZXI6b3RoZXI="}})
    );
}

#[test]
fn a_login_keeps_what_a_file_has_closes_it_and_follows_a_link() {
    let sandbox = Sandbox::with_registry_login();
    let file = sandbox.file(
        "config.json",
        r#"{"auths": {"quay.io": {"auth": "dTpw"}}, "credsStore": "pass"}"#,
    );
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let link = sandbox.folder().join("link.json");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let arguments = ["login", "--auth-file", link.to_str().unwrap()];
    sandbox.registry(&arguments).expect(
        0,
        &[
            "kept quay.io",
            "only you can read it now",
            "(pass), which does not know this login",
        ],
    );
    assert!(link.is_symlink());
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written["auths"]["quay.io"]["auth"], "dTpw");
    assert_eq!(written["credsStore"], "pass");
    assert!(written["auths"][HOST]["auth"].is_string());
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_file_that_is_no_docker_config_is_left_as_it_is() {
    let sandbox = Sandbox::with_registry_login();
    let file = sandbox.file("secret.yaml", "apiVersion: v1\nkind: Secret\n");
    sandbox
        .registry(&["login", "--auth-file", &file])
        .expect(1, &["secret.yaml", "name another file with --auth-file"]);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "apiVersion: v1\nkind: Secret\n"
    );
    let folder = sandbox.folder().to_str().unwrap().to_owned();
    sandbox
        .registry(&["login", "--auth-file", &folder])
        .expect(1, &["cannot read the docker config"]);
}

#[test]
fn a_registry_without_a_login_needs_none() {
    let sandbox = Sandbox::new();
    sandbox.deploy();
    sandbox
        .registry(&["login"])
        .expect(0, &["it asks for no login; nothing was changed"]);
    assert!(!sandbox.default_auth_file().exists());
    assert_eq!(
        sandbox.registry(&["list"]).expect(0, &[]).stdout,
        format!("{PROOF}\n")
    );
}

#[test]
fn repositories_tags_and_images_are_listed_and_shown_as_text_and_as_documents() {
    let sandbox = Sandbox::with_registry_login();
    let document = |arguments: &[&str]| -> Value {
        let ran = sandbox.registry(&[arguments, &["--output", "json"]].concat());
        ran.expect(0, &[]);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    assert_eq!(document(&["list"])["repositories"][0], PROOF);
    assert_eq!(sandbox.registry(&["list", PROOF]).stdout, "latest\n");
    assert_eq!(document(&["list", PROOF])["tags"][0], "latest");
    sandbox
        .registry(&["list", &format!("{PROOF}:latest")])
        .expect(2, &["leave its tag and digest out", "registry inspect"]);
    sandbox
        .registry(&["list", "absent"])
        .expect(1, &["has no repository absent"]);

    let outside = format!("localhost:{}/{PROOF}:latest", sandbox.registry_port());
    let (image, from_outside) = (format!("{PROOF}:latest"), document(&["inspect", &outside]));
    assert_eq!(document(&["inspect", &image]), from_outside);
    assert_eq!(from_outside["reference"], format!("{HOST}/{PROOF}:latest"));
    let text = sandbox.registry(&["inspect", &image]).stdout;
    assert!(
        text.contains(from_outside["digest"].as_str().unwrap()),
        "{text}"
    );
    assert!(
        text.contains("linux/") && text.contains("layer  sha256:"),
        "{text}"
    );
    assert!(text.contains("attached: no signatures"), "{text}");
    sandbox
        .registry(&["inspect", &format!("{PROOF}:absent")])
        .expect(1, &["missing manifest"]);
    sandbox
        .registry(&["inspect", PROOF])
        .expect(2, &["names a repository; add a tag or digest"]);
    sandbox
        .registry(&["inspect", "quay.io/team/app:v1"])
        .expect(2, &["quay.io is not the registry of deployment konflux"]);
    sandbox
        .registry(&["inspect", &format!("https://{HOST}/{PROOF}:latest")])
        .expect(2, &["begins with a scheme"]);
}

#[test]
fn a_deployment_that_is_absent_or_stopped_is_told_apart() {
    let sandbox = Sandbox::new();
    for arguments in [&["login"][..], &["list"], &["inspect", "a:b"]] {
        sandbox.registry(arguments).expect(
            2,
            &["there is no deployment called konflux; `cargo xtask deploy-local` makes one\n"],
        );
    }
    sandbox.deploy();
    sandbox.kill_cluster();
    sandbox.registry(&["list"]).expect(
        1,
        &["`cargo xtask status` tells whether the deployment is well"],
    );
}
