use super::*;

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deploy-local.env");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn resolve(content: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let (_folder, path) = file(content);
    let environment = environment
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Settings::resolve(&Sources {
        environment,
        env_file: Some(path),
        ..Default::default()
    })
}

fn message(content: &str, environment: &[(&str, &str)]) -> String {
    resolve(content, environment).unwrap_err().to_string()
}

#[test]
fn argument_beats_environment_beats_file_beats_default() {
    assert_eq!(resolve("", &[]).unwrap().registry_host_port(), 5001);
    assert_eq!(
        resolve("REGISTRY_HOST_PORT=5002", &[])
            .unwrap()
            .registry_host_port(),
        5002
    );
    let both = [("REGISTRY_HOST_PORT", "5003")];
    assert_eq!(
        resolve("REGISTRY_HOST_PORT=5002", &both)
            .unwrap()
            .registry_host_port(),
        5003
    );
    let sources = Sources {
        arguments: vec![("REGISTRY_HOST_PORT", "--port".to_owned(), "5004".to_owned())],
        environment: vec![("REGISTRY_HOST_PORT".to_owned(), "5003".to_owned())],
        env_file: None,
    };
    assert_eq!(
        Settings::resolve(&sources).unwrap().registry_host_port(),
        5004
    );
}

#[test]
fn the_registry_asks_for_no_login_unless_told_to() {
    assert_eq!(
        resolve("", &[]).unwrap().registry_auth(),
        RegistryAuth::None
    );
    let asked = resolve("REGISTRY_AUTH=htpasswd", &[]).unwrap();
    assert_eq!(asked.registry_auth(), RegistryAuth::Htpasswd);
    assert_eq!(
        message("REGISTRY_AUTH=token", &[])
            .split(" must be ")
            .nth(1),
        Some("none, htpasswd, not \"token\"")
    );
}

#[test]
fn an_empty_variable_switches_the_files_value_off() {
    let settings = resolve("REGISTRY_HOST_PORT=5002", &[("REGISTRY_HOST_PORT", "")]).unwrap();
    assert_eq!(settings.registry_host_port(), 5001);
}

#[test]
fn an_empty_value_in_the_file_means_not_set() {
    let settings = resolve("REGISTRY_HOST_PORT=\nQUAY_TOKEN=\"\"", &[]).unwrap();
    assert_eq!(settings.registry_host_port(), 5001);
    assert!(!settings.is_set("QUAY_TOKEN"));
}

#[test]
fn an_unknown_name_is_answered_with_file_line_and_neighbour() {
    let message = message("# mine\nREGISTRY_PORT=5002", &[]);
    assert!(message.ends_with("deploy-local.env, line 2: `REGISTRY_PORT` is no setting; did you mean `REGISTRY_HOST_PORT`?"), "{message}");
}

#[test]
fn a_malformed_line_and_a_repeated_name_are_errors_with_their_line() {
    assert!(message("A B", &[]).contains("line 1: expected NAME=value"));
    assert!(
        message("KIND_CLUSTER=a\nKIND_CLUSTER=b", &[])
            .contains("line 2: `KIND_CLUSTER` is set a second time")
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_its_origin() {
    let message = message("", &[("REGISTRY_HOST_PORT", "70000")]);
    assert_eq!(
        message,
        "REGISTRY_HOST_PORT from the environment must be port, 0 to 65535, not \"70000\""
    );
}

#[test]
fn one_of_the_two_quay_settings_is_a_contradiction() {
    assert!(message("QUAY_TOKEN=s3cret", &[]).contains("QUAY_ORGANIZATION is not"));
    assert!(message("QUAY_ORGANIZATION=org", &[]).contains("set QUAY_TOKEN"));
    assert!(!message("QUAY_TOKEN=s3cret", &[]).contains("s3cret"));
    resolve("QUAY_TOKEN=s3cret\nQUAY_ORGANIZATION=org", &[]).unwrap();
}

#[test]
fn image_controller_without_quay_is_a_contradiction() {
    let (_folder, path) = file(
        "apiVersion: konflux.konflux-ci.dev/v1alpha1\nkind: Konflux\nspec: {imageController: {enabled: true}}\n",
    );
    let with = |value: &Path| message("", &[("KONFLUX_CR", value.to_str().unwrap())]);
    assert!(with(&path).contains("enables image-controller"));
    assert!(with(Path::new("/does/not/exist")).contains("cannot read the Konflux resource"));
    std::fs::write(&path, "apiVersion: v1\nkind: ConfigMap\n").unwrap();
    assert!(with(&path).contains("it holds ConfigMap of v1"));
}

#[test]
fn a_missing_env_file_that_was_asked_for_is_an_error() {
    let sources = Sources {
        env_file: Some("/does/not/exist".into()),
        ..Default::default()
    };
    assert!(matches!(
        Settings::resolve(&sources),
        Err(SettingsError::File { .. })
    ));
}

#[test]
fn what_has_no_effect_is_said_and_what_would_deceive_is_refused() {
    let settings = resolve("KIND_MEMORY_GB=12\nKIND_CLUSTER=konflux", &[]).unwrap();
    let notes = settings
        .for_cluster(ClusterKind::Embedded, Flavour::StandIns)
        .unwrap();
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("KIND_MEMORY_GB (")
            && notes[0].ends_with("has no effect on the embedded cluster")
    );
    let quay = resolve("QUAY_TOKEN=t\nQUAY_ORGANIZATION=o", &[]).unwrap();
    assert!(matches!(
        quay.for_cluster(ClusterKind::Embedded, Flavour::StandIns),
        Err(SettingsError::NotThere { .. })
    ));
}

#[test]
fn secrets_are_not_printed_by_debug() {
    let settings = resolve("QUAY_TOKEN=s3cret\nQUAY_ORGANIZATION=org", &[]).unwrap();
    assert!(!format!("{settings:?}").contains("s3cret"));
}

#[test]
fn a_setting_that_nothing_reads_yet_is_named() {
    let settings = resolve("", &[("SMEE_CHANNEL", "https://smee.example/x")]).unwrap();
    let notes = settings.for_cluster(ClusterKind::Kind, Flavour::StandIns);
    assert_eq!(
        notes.unwrap(),
        ["SMEE_CHANNEL (the environment) has no effect in this version"]
    );
    let of_the_operator = settings.for_cluster(ClusterKind::Kind, Flavour::Operator);
    assert!(of_the_operator.unwrap().is_empty());
}

#[test]
fn a_quay_is_refused_wherever_the_stand_ins_would_pass_it_over() {
    let quay = [("QUAY_TOKEN", "t"), ("QUAY_ORGANIZATION", "o")];
    let settings = resolve("", &quay).unwrap();
    for cluster in [
        ClusterKind::Embedded,
        ClusterKind::Kind,
        ClusterKind::Existing,
    ] {
        let refused = settings
            .for_cluster(cluster, Flavour::StandIns)
            .unwrap_err();
        assert!(
            refused.to_string().contains("no image-controller yet"),
            "{refused}"
        );
    }
    assert!(
        settings
            .for_cluster(ClusterKind::Kind, Flavour::Operator)
            .is_ok()
    );
}
