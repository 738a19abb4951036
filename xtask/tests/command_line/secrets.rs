//! No registry command shows a secret, in whatever form: itself, in base64 or a whole docker config in it, or in a URL.

use cluster::registry_access::RepositoryRight;
use credentials::DockerConfig;
use harness::evidence::KnownSecrets;

use crate::registry_support::{HOST, PASSWORD};
use crate::support::Sandbox;

#[test]
fn no_registry_command_shows_a_secret_in_any_form() {
    let sandbox = Sandbox::with_registry_login();
    let secrets = KnownSecrets::default();
    secrets.add(&PASSWORD.into());
    let own = DockerConfig::from_file(sandbox.deployment().join("auth.json")).unwrap();
    for (_, entry) in own.entries() {
        secrets.add(&entry.credential().unwrap().unwrap().password);
    }
    let rights = [RepositoryRight::push(RepositoryRight::EVERYWHERE)];
    let file = sandbox.robot("robot", &rights);
    let damaged = sandbox.file(
        "damaged.json",
        &format!(r#"{{"auths": {{"{HOST}": {{"auth": "{PASSWORD}"}}}}}}"#),
    );
    let component = ["--namespace", "user-ns1", "--component", "sample-component"];
    let push = [&["push-secret", "--wait"], &component[..]].concat();
    let release = ["release-secret", "--namespace", "managed-ns1"];
    let account = ["--namespace", "user-ns1", "--service-account"];
    let account = [&account[..], &["build-pipeline-sample-component"]].concat();
    let image = format!("{HOST}/user-ns1/sample-component");
    let login = sandbox.default_auth_file();
    let commands = [
        ([&push[..], &["--auth-file", &file]].concat(), 0),
        ([&push[..], &["--auth-file", &damaged]].concat(), 1),
        ([&release[..], &["--auth-file", &file]].concat(), 0),
        (vec!["check", &image, "--auth-file", &file], 0),
        (vec!["check", &image, "--auth-file", &damaged], 1),
        ([&["check", image.as_str()], &account[..]].concat(), 0),
        (vec!["login"], 0),
        (vec!["list"], 0),
        (vec!["inspect", "konflux-local/registry-proof:latest"], 0),
    ];
    for (arguments, code) in commands {
        let ran = sandbox.registry(&arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!secrets.are_in(said.as_bytes()), "{arguments:?} shows one");
    }
    // What was searched for is there to be found.
    assert!(secrets.are_in(&std::fs::read(login).unwrap()));
    let dumped = sandbox.field("user-ns1", "secret/regcred", ".data");
    assert!(secrets.are_in(dumped.as_bytes()));
    let kept = std::fs::read(sandbox.deployment().join("events.jsonl")).unwrap();
    assert!(!secrets.are_in(&kept));
}
