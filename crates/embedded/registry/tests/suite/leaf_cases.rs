//! Which test covers which case of the specification's own conformance program: `leaf_cases.txt`.

use std::process::Command;

const TABLE: &str = include_str!("leaf_cases.txt");

#[test]
fn every_case_of_the_conformance_program_has_a_test_with_both_stores() {
    let program = std::env::current_exe().unwrap();
    let listed = Command::new(program).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let rows = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut groups = 0;
    for row in rows {
        let (group, test) = row.rsplit_once(' ').unwrap();
        assert!(!group.trim().is_empty(), "{row}");
        let (module, name) = test.split_once("::").unwrap();
        for store in ["memory_store", "directory_store"] {
            let entry = format!("{module}::{store}::{name}: test");
            assert!(
                listed.lines().any(|line| line == entry),
                "{group}: there is no {entry}"
            );
        }
        groups += 1;
    }
    assert!(groups > 40, "only {groups} groups were read");
}
