//! `cargo xtask doctor`: what it says of a host that has nothing, and how it ends.

use serde_json::Value;

use crate::support::{Ran, Sandbox};

/// The doctor on a host without programs and engine, whose every way to a registry leads to a closed port.
fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let nothing = sandbox.folder().join("nothing");
    let mut command = sandbox.command(&[&["doctor"], arguments].concat());
    command
        .env("PATH", &nothing)
        .env("DOCKER_HOST", format!("unix://{}", nothing.display()))
        .env("HTTPS_PROXY", "http://somebody:s3cret@127.0.0.1:9");
    Ran::from(command.output().unwrap())
}

fn verdict<'report>(report: &'report Value, name: &str) -> &'report str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap()["verdict"].as_str().unwrap()
}

#[test]
fn a_host_that_lacks_something_ends_with_3_and_the_rest_is_still_judged() {
    let sandbox = Sandbox::new();
    let ran = doctor(&sandbox, &["--output", "json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!format!("{ran:?}").contains("s3cret"));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["schemaVersion"], 1);
    assert_eq!(report["verdict"], "fail");
    assert_eq!(verdict(&report, "engine"), "fail");
    assert_eq!(verdict(&report, "kind"), "fail");
    assert_eq!(verdict(&report, "memory"), "skipped");
    assert_eq!(verdict(&report, "proxy"), "warn");
    assert_eq!(verdict(&report, "settings"), "pass");
    assert!(!sandbox.state().exists(), "a doctor makes nothing");
}

#[test]
fn settings_that_contradict_each_other_are_one_check_among_the_others() {
    let sandbox = Sandbox::new();
    let file = sandbox.folder().join("deploy-local.env");
    std::fs::write(&file, "QUAY_TOKEN=t0psecret\n").unwrap();
    let ran = doctor(&sandbox, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let settings = ran
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("fail     settings"));
    let text: String = settings.collect::<Vec<_>>().join(" ");
    assert!(text.contains("QUAY_ORGANIZATION is not"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("t0psecret"));
}
