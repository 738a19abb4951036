//! The dependency arrows of the design hold (docs/architecture.md draws them).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

/// Which of our crates each of them may use. Tests of a crate may use more.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "xtask",
        &[
            "deploy",
            "harness",
            "cluster",
            "credentials",
            "oci",
            "konflux-api",
        ],
    ),
    (
        "conformance",
        &[
            "deploy",
            "harness",
            "cluster",
            "credentials",
            "oci",
            "konflux-api",
        ],
    ),
    ("deploy", &["cluster", "credentials", "oci", "konflux-api"]),
    ("harness", &["cluster", "credentials", "oci", "konflux-api"]),
    (
        "cluster",
        &[
            "registry",
            "api-server",
            "stand-ins",
            "probe",
            "konflux-api",
        ],
    ),
    ("stand-ins", &["credentials", "oci", "konflux-api"]),
    ("probe", &["oci", "credentials"]),
    ("registry", &[]),
    ("registry-fuzz", &["registry"]),
    ("api-server", &[]),
    ("oci", &[]),
    ("credentials", &["konflux-api"]),
    ("konflux-api", &[]),
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

fn workspace() -> Metadata {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn no_crate_uses_another_against_an_arrow() {
    let arrows: BTreeMap<_, BTreeSet<_>> = ARROWS
        .iter()
        .map(|(from, to)| (*from, to.iter().copied().collect()))
        .collect();
    let mut broken = Vec::new();
    for package in workspace().packages {
        let allowed = &arrows
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} has no row in ARROWS: draw it", package.name));
        let ours = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some());
        let used = ours.filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        broken.extend(
            used.filter(|used| !allowed.contains(used.name.as_str()))
                .map(|used| format!("{} uses {}", package.name, used.name)),
        );
    }
    assert!(
        broken.is_empty(),
        "arrows of the design are broken: {broken:?}"
    );
}

#[test]
fn every_row_of_the_table_is_a_crate() {
    let names: BTreeSet<String> = workspace()
        .packages
        .into_iter()
        .map(|package| package.name)
        .collect();
    let rows: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, rows);
}
