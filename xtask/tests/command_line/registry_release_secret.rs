//! `registry release-secret`: credentials for everything that the releases of a managed namespace push to.

use cluster::registry_access::RepositoryRight;

use crate::registry_support::HOST;
use crate::support::Sandbox;

const FOR_ALL: &[&str] = &["release-secret", "--namespace", "managed-ns1"];

/// Adds a place for trusted artifacts to the sample's admission.
fn with_storage(sandbox: &Sandbox) {
    let patch = format!(
        r#"{{"spec": {{"pipeline": {{"pipelineRef": {{"ociStorage": "{HOST}/artifacts"}}}}}}}}"#
    );
    sandbox.kubectl_done(&[
        "patch",
        "releaseplanadmission",
        "sample-component",
        "-n",
        "managed-ns1",
        "--type=merge",
        "-p",
        &patch,
    ]);
}

/// The sample's admission once more, for another ServiceAccount.
fn copy_of_the_admission(sandbox: &Sandbox, name: &str, account: &str) {
    let admission = sandbox.kubectl_done(&[
        "get",
        "releaseplanadmission",
        "sample-component",
        "-n",
        "managed-ns1",
        "-o",
        "json",
    ]);
    let mut admission: serde_json::Value = serde_json::from_str(&admission).unwrap();
    admission["metadata"] = serde_json::json!({"name": name, "namespace": "managed-ns1"});
    admission["spec"]["pipeline"]["serviceAccountName"] = account.into();
    let admission = sandbox.file("admission.json", &admission.to_string());
    sandbox.kubectl_done(&["create", "-f", &admission]);
}

/// An account with the rights that releases of the sample need, and a file with its login.
fn releaser(sandbox: &Sandbox) -> String {
    let rights = [
        RepositoryRight::push("released"),
        RepositoryRight::pull("user-ns1"),
    ];
    sandbox.robot("releaser", &rights)
}

#[test]
fn every_destination_is_checked_and_one_refusal_writes_nothing() {
    let sandbox = Sandbox::with_registry_login();
    with_storage(&sandbox);
    let file = sandbox.robot("releaser", &[RepositoryRight::push("released")]);
    let arguments = [FOR_ALL, &["--auth-file", &file]].concat();
    let refused = sandbox.registry(&arguments);
    refused.expect(
        1,
        &[
            "released/sample-component for component sample-component of ReleasePlanAdmission sample-component",
            "artifacts for trusted artifacts (ociStorage)",
            "may not pull at registry-service.kind-registry.svc.cluster.local/artifacts",
            "nothing was changed in the cluster",
        ],
    );
    assert!(!sandbox.has("managed-ns1", "secret/regcred"));
    // Right for what is pushed, and in the way of what pulls the sources now.
    let rights = ["released", "artifacts"].map(RepositoryRight::push);
    sandbox.robot("releaser", &rights);
    sandbox.registry(&arguments).expect(
        1,
        &[
            "ServiceAccount release-pipeline would lose what works now: to pull at",
            "user releaser may not pull in repository user-ns1/sample-component",
            "nothing was changed in the cluster",
        ],
    );
    assert!(!sandbox.has("managed-ns1", "secret/regcred"));
    let [released, artifacts] = rights;
    sandbox.robot(
        "releaser",
        &[released, artifacts, RepositoryRight::pull("user-ns1")],
    );
    sandbox.registry(&arguments).expect(
        0,
        &[
            "user-ns1/sample-component: pipelines of release-pipeline can pull it",
            "created    Secret managed-ns1/regcred",
            "linked     to ServiceAccount managed-ns1/release-pipeline",
            "done",
        ],
    );
    let linked = sandbox.field(
        "managed-ns1",
        "serviceaccount/release-pipeline",
        ".secrets[*].name",
    );
    assert_eq!(linked, "konflux-local-registry regcred");
    sandbox
        .registry(&arguments)
        .expect(0, &["nothing was changed"]);
}

#[test]
fn admissions_with_service_accounts_of_their_own_are_all_served_or_the_chosen_one() {
    let sandbox = Sandbox::with_registry_login();
    let file = releaser(&sandbox);
    sandbox.kubectl_done(&[
        "create",
        "serviceaccount",
        "other-pipeline",
        "-n",
        "managed-ns1",
    ]);
    copy_of_the_admission(&sandbox, "other", "other-pipeline");
    let linked = |account: &str| {
        sandbox.field(
            "managed-ns1",
            &format!("serviceaccount/{account}"),
            ".secrets[*].name",
        )
    };
    let arguments = [FOR_ALL, &["--auth-file", &file]].concat();
    sandbox
        .registry(&[&arguments[..], &["--admission", "other"]].concat())
        .expect(0, &["ServiceAccount managed-ns1/other-pipeline"]);
    assert_eq!(linked("release-pipeline"), "konflux-local-registry");
    sandbox.registry(&arguments).expect(
        0,
        &[
            "unchanged  ServiceAccount managed-ns1/other-pipeline",
            "linked     to ServiceAccount managed-ns1/release-pipeline",
        ],
    );
    assert_eq!(linked("other-pipeline"), "regcred");
    sandbox.registry(&[FOR_ALL, &["--admission", "absent"]].concat()).expect(1, &["ReleasePlanAdmission managed-ns1/absent does not exist; the namespace has other, sample-component"]);
}

#[test]
fn a_login_for_the_sources_is_added_where_pipelines_cannot_pull_them_and_its_absence_is_told() {
    let sandbox = Sandbox::with_registry_login();
    let unlink = r#"{"secrets": []}"#;
    sandbox.kubectl_done(&[
        "patch",
        "serviceaccount",
        "release-pipeline",
        "-n",
        "managed-ns1",
        "--type=merge",
        "-p",
        unlink,
    ]);
    sandbox.robot("releaser", &[RepositoryRight::push("released")]);
    sandbox.robot("puller", &[RepositoryRight::pull("user-ns1")]);
    let released = format!("{HOST}/released");
    let file = sandbox.auth_file(&[(&released, "releaser")]);
    let arguments = [FOR_ALL, &["--auth-file", &file]].concat();
    sandbox.registry(&arguments).expect(
        0,
        &[
            "warning: pipelines of release-pipeline cannot pull registry-service.kind-registry.svc.cluster.local/user-ns1/sample-component",
            "created    Secret managed-ns1/regcred with entries for registry-service.kind-registry.svc.cluster.local/released",
        ],
    );
    let sources = format!("{HOST}/user-ns1");
    sandbox.auth_file(&[(&released, "releaser"), (&sources, "puller")]);
    sandbox.registry(&arguments).expect(
        0,
        &[
            "user-ns1/sample-component: pull granted with the login of `puller`",
            "changed    Secret managed-ns1/regcred: added registry-service.kind-registry.svc.cluster.local/user-ns1; kept",
        ],
    );
    let again = sandbox.registry(&arguments);
    again.expect(
        0,
        &[
            "pipelines of release-pipeline can pull it",
            "nothing was changed",
        ],
    );
    assert!(!again.stderr.contains("warning"), "{}", again.stderr);
}

#[test]
fn oci_storage_is_set_once_the_credentials_for_it_are_given() {
    let sandbox = Sandbox::with_registry_login();
    let file = releaser(&sandbox);
    let storage = |name: &str| {
        let path = ".spec.pipeline.pipelineRef.ociStorage";
        sandbox.field("managed-ns1", &format!("releaseplanadmission/{name}"), path)
    };
    let run = |place: &str, more: &[&str]| {
        let arguments = ["--auth-file", &file, "--oci-storage", place];
        sandbox.registry(&[FOR_ALL, &arguments, more].concat())
    };
    run(&format!("{HOST}/elsewhere"), &[]).expect(
        1,
        &["may not pull at", "nothing was changed in the cluster"],
    );
    assert_eq!(storage("sample-component"), "");
    let outside = format!("localhost:{}/released/artifacts", sandbox.registry_port());
    let inside = format!("{HOST}/released/artifacts");
    run(&outside, &[]).expect(
        0,
        &[
            "pipelines know it as registry-service.kind-registry.svc.cluster.local",
            &format!("{inside} for trusted artifacts (ociStorage)"),
            &format!("changed    ReleasePlanAdmission managed-ns1/sample-component: ociStorage is {inside}"),
        ],
    );
    assert_eq!(storage("sample-component"), inside);
    run(&inside, &[]).expect(
        0,
        &[
            "unchanged  ReleasePlanAdmission managed-ns1/sample-component",
            "nothing was changed",
        ],
    );
    let other = format!("{HOST}/released/other");
    run(&other, &[]).expect(0, &[&format!("(it was {inside})")]);
    run(HOST, &[]).expect(2, &["is a registry; name a repository in it"]);
    run(&format!("{inside}:latest"), &[]).expect(2, &["leave its tag and digest out"]);
    // It is for one admission only.
    copy_of_the_admission(&sandbox, "other", "release-pipeline");
    run(&inside, &[]).expect(
        2,
        &["several ReleasePlanAdmissions (other, sample-component); say with --admission"],
    );
    run(&inside, &["--admission", "other"]).expect(0, &["managed-ns1/other: ociStorage is"]);
    assert_eq!(storage("sample-component"), other);
}

#[test]
fn a_namespace_that_releases_nothing_has_nothing_to_do() {
    let sandbox = Sandbox::with_registry_login();
    sandbox
        .registry(&["release-secret", "--namespace", "managed-ns2"])
        .expect(4, &["has no ReleasePlanAdmission"]);
    sandbox.kubectl_done(&[
        "patch",
        "releaseplanadmission",
        "sample-component",
        "-n",
        "managed-ns1",
        "--type=merge",
        "-p",
        r#"{"spec": {"data": null}}"#,
    ]);
    sandbox.registry(FOR_ALL).expect(
        4,
        &["has neither destinations in its mapping nor ociStorage"],
    );
}
