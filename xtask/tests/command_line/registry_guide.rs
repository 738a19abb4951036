//! Every command in docs/registry.md works, in the order in which a reader meets them.

use std::process::Command;

use crate::registry_support::{HOST, PASSWORD};
use crate::support::{Ran, Sandbox};

const GUIDE: &str = include_str!("../../../docs/registry.md");
/// As many as the guide has; a command that a change of its form hides from this test must not go unnoticed.
const COMMANDS: usize = 12;

/// The commands of all `console` blocks.
fn commands() -> Vec<&'static str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in GUIDE.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if inside => {
                let command = line.strip_prefix("$ ");
                commands
                    .push(command.unwrap_or_else(|| panic!("a block of commands has `{line}`")));
            }
            _ => assert!(
                !line.starts_with("$ "),
                "`{line}` stands outside of a console block"
            ),
        }
    }
    commands
}

/// What stands for the reader's own accounts: the deployment's registry stands in for Quay.io and Docker Hub, and skopeo for podman where
/// that is not installed.
fn for_this_sandbox(sandbox: &Sandbox, command: &str) -> String {
    let endpoint = format!("localhost:{}", sandbox.registry_port());
    let folder = sandbox.deployment();
    let has_podman = Command::new("podman").arg("--version").output().is_ok();
    let login = if has_podman { "podman" } else { "skopeo" };
    let replacements = [
        ("cargo xtask", env!("CARGO_BIN_EXE_xtask")),
        (
            "fixtures/",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/"),
        ),
        (
            "quay.io/<organization>/<repository>",
            &format!("{HOST}/team/app"),
        ),
        ("<your-username>-auth.json", "reader-auth.json"),
        (
            "podman login docker.io",
            &format!("{login} login {endpoint} --cert-dir {}", folder.display()),
        ),
        ("<your-username>", "reader"),
        ("<file with the token>", "token"),
    ];
    let command = replacements
        .iter()
        .fold(command.to_owned(), |text, (from, to)| {
            text.replace(from, to)
        });
    assert!(
        !command.contains(" <your") && !command.contains("<file"),
        "`{command}` has a placeholder"
    );
    command
}

fn run(sandbox: &Sandbox, command: &str) -> Ran {
    let output = Command::new("bash")
        .args(["-c", command])
        .current_dir(sandbox.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", sandbox.folder())
        .env("XDG_RUNTIME_DIR", sandbox.folder().join("run"))
        .env("KONFLUX_LOCAL_STATE_DIR", sandbox.state())
        .env("REGISTRY_HOST_PORT", "0")
        .env("KUBECONFIG", sandbox.deployment().join("kubeconfig"))
        .output()
        .unwrap();
    Ran::from(output)
}

#[test]
fn every_command_of_the_guide_works_and_can_be_run_again() {
    let commands = commands();
    assert_eq!(commands.len(), COMMANDS, "{commands:#?}");
    let sandbox = Sandbox::new();
    // A session's runtime folder is there before anybody logs in.
    std::fs::create_dir(sandbox.folder().join("run")).unwrap();
    let (deploy, others) = commands.split_first().unwrap();
    // There is no port to fill in before the first command, and nothing in it that needs one.
    let deploy = deploy.replace("cargo xtask", env!("CARGO_BIN_EXE_xtask"));
    run(&sandbox, &deploy).expect(0, &["is ready"]);
    // The reader's account at a registry, in the file that Quay would give out, and as a token.
    let rights = cluster::registry_access::RepositoryRight::push("team");
    let file = sandbox.robot("reader", &[rights]);
    std::fs::rename(file, sandbox.folder().join("reader-auth.json")).unwrap();
    sandbox.file("token", PASSWORD);
    for round in ["first", "second"] {
        for command in others {
            let command = for_this_sandbox(&sandbox, command);
            let ran = run(&sandbox, &command);
            assert_eq!(
                ran.code,
                Some(0),
                "the {round} time:\n$ {command}\n{}{}",
                ran.stdout,
                ran.stderr
            );
            let changes = ["push-secret", "release-secret", "registry login"]
                .iter()
                .any(|name| command.contains(name));
            if changes && round == "second" {
                assert!(!ran.stderr.contains("created    "), "{}", ran.stderr);
            }
        }
    }
    let linked = sandbox.field(
        "managed-ns1",
        "serviceaccount/release-pipeline",
        ".secrets[*].name",
    );
    assert!(linked.contains("regcred"), "{linked}");
    run(
        &sandbox,
        &format!("{} destroy", env!("CARGO_BIN_EXE_xtask")),
    )
    .expect(0, &["nothing of it is left"]);
}
