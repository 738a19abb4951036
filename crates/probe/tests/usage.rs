//! Help, wrong use, exit codes.

mod support;

use support::Step;

const COMMANDS: [&str; 9] = [
    "fetch-source",
    "build",
    "push",
    "copy",
    "collect-data",
    "push-snapshot",
    "trusted-artifact",
    "registry-login",
    "update-cr-status",
];

#[tokio::test]
async fn every_command_has_help() {
    let step = Step::new();
    let all = step.probe_succeeds("--help").await;
    for command in COMMANDS {
        assert!(all.stdout.contains(command), "{command}");
        let help = step.probe_succeeds(&format!("{command} --help")).await;
        assert!(help.stdout.contains("Usage: probe"), "{command}");
    }
}

#[tokio::test]
async fn wrong_use_is_2_and_says_what_is_wrong() {
    let step = Step::new();
    for (arguments, text) in [
        ("", "Usage"),
        ("bogus", "bogus"),
        ("build", "--context"),
        ("push --layout x --image busybox", "names no registry"),
        (
            "push --layout x --image quay.io/a",
            "REGISTRY/REPOSITORY:TAG",
        ),
        (
            "copy --source quay.io/a:v1 --destination quay.io/b:v1",
            "a tag may move in between",
        ),
        (
            "fetch-source --url x --revision 12 --from a --to b",
            "40 lower-case hexadecimal digits",
        ),
        (
            "build --context . --dockerfile x --output y --label z",
            "NAME=VALUE",
        ),
        (
            "build --context . --dockerfile x --output y --platform z",
            "not a platform",
        ),
        ("update-cr-status --release x --results y", "NAMESPACE/NAME"),
        ("trusted-artifact create A=b", "--store"),
        ("trusted-artifact create --store quay.io/a", "RESULT=PATH"),
        ("trusted-artifact create --store quay.io/a b", "RESULT=PATH"),
        (
            "trusted-artifact create --store quay.io/a --expires-after soon A=b",
            "for example 5d",
        ),
        (
            "trusted-artifact use file:/x=y",
            "the only kind is oci:REPOSITORY@DIGEST",
        ),
        ("trusted-artifact use oci:quay.io/a:v1=y", "has no digest"),
        ("trusted-artifact use oci:quay.io/a", "URI=DIR"),
    ] {
        let ended = step.probe(arguments).await;
        assert_eq!(ended.code, 2, "probe {arguments}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(text),
            "probe {arguments}: {}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn failures_are_1_and_name_the_object() {
    let step = Step::new();
    step.probe_fails(
        "build --context . --dockerfile missing --output out",
        "cannot read missing: No such file",
    )
    .await;
    step.probe_fails(
        "push --layout missing --image quay.io/a:v1",
        "missing is not an OCI image layout",
    )
    .await;
    step.probe_fails(
        "push-snapshot --data missing.json",
        "cannot read missing.json",
    )
    .await;
    step.write("data.json", r#"{"images": 1}"#);
    step.probe_fails(
        "push-snapshot --data data.json",
        "data.json is not what this command reads",
    )
    .await;
    step.probe_fails(
        "collect-data --snapshot a/b --release-plan-admission c/d --output x",
        "KUBERNETES_SERVICE_HOST is not set",
    )
    .await;
    step.probe_fails(
        "trusted-artifact create --store quay.io/a r/A=b s/A=c",
        "two results are called `A`",
    )
    .await;
    let digest = oci::Digest::sha256(b"");
    step.probe_fails(
        &format!("trusted-artifact use --replace oci:quay.io/a@{digest}=x/../../../../../../.."),
        "is the root of all files",
    )
    .await;
    step.write("results.json", "[]");
    step.probe_fails(
        "update-cr-status --release a/b --results results.json",
        "results.json is not what",
    )
    .await;
}

#[tokio::test]
async fn a_damaged_environment_is_told_by_name() {
    let step = Step::new().with_environment("KONFLUX_LOCAL_REGISTRY_ENDPOINTS", "nonsense");
    step.probe_fails(
        "push --layout x --image quay.io/a:v1",
        "KONFLUX_LOCAL_REGISTRY_ENDPOINTS is wrong",
    )
    .await;
    let step = Step::new();
    step.write(".docker/config.json", "{");
    step.probe_fails(
        "push --layout x --image quay.io/a:v1",
        ".docker/config.json: the docker config is not valid JSON",
    )
    .await;
}
