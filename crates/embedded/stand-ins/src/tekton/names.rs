//! Names that Tekton derives from other names.

use sha2::{Digest, Sha256};

const LONGEST_NAME: usize = 63;
const HASH_LENGTH: usize = 32;

/// The name of a child: parent and suffix when they fit into 63 characters, else the parent is cut and a hash of it
/// inserted (knative `kmeta.ChildName`, with SHA-256 where knative uses MD5).
pub(crate) fn child_name(parent: &str, suffix: &str) -> String {
    if parent.len() + suffix.len() <= LONGEST_NAME {
        return format!("{parent}{suffix}");
    }
    let hash = &hex(&Sha256::digest(format!("{parent}{suffix}")))[..HASH_LENGTH];
    let suffix = if suffix.len() > LONGEST_NAME - HASH_LENGTH {
        ""
    } else {
        suffix
    };
    let kept: String = parent
        .chars()
        .take(LONGEST_NAME - HASH_LENGTH - suffix.len())
        .collect();
    format!("{kept}{hash}{suffix}")
}

/// The claim made for a `volumeClaimTemplate` of a run.
pub(crate) fn claim_name(run_uid: &str, workspace: &str) -> String {
    format!(
        "pvc-{}",
        &hex(&Sha256::digest(format!("{run_uid}/{workspace}")))[..10]
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_child_keeps_both_names() {
        assert_eq!(child_name("build-x7f2", "-clone"), "build-x7f2-clone");
    }

    #[test]
    fn a_long_child_fits_and_differs_by_parent_and_suffix() {
        let (one, other) = ("a".repeat(62), format!("{}b", "a".repeat(61)));
        for name in [
            child_name(&one, "-clone"),
            child_name(&one, &"-x".repeat(40)),
        ] {
            assert_eq!(name.len(), LONGEST_NAME, "{name}");
        }
        assert_ne!(child_name(&one, "-clone"), child_name(&other, "-clone"));
        assert!(child_name(&one, "-pod").ends_with("-pod"));
    }
}
