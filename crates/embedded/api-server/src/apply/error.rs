//! Why a configuration cannot be applied.

use std::fmt;

/// A configuration that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    /// Other managers own fields that the configuration would change (`409 Conflict`).
    #[error("{}", conflict_message(.0))]
    Conflicts(Vec<Conflict>),
    /// The configuration is no object (`400 BadRequest`).
    #[error("an applied configuration must be an object")]
    NotAnObject,
    /// The configuration says who manages fields, which is the server's to say (`400 BadRequest`).
    #[error("metadata.managedFields must be nil")]
    ManagedFieldsSpecified,
    /// The items of a list in the configuration cannot be told apart (`400 BadRequest`).
    #[error("failed to create typed patch object: {path}: {problem}")]
    List {
        /// Where the list is.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The live object's `metadata.managedFields` is broken (`500 InternalError`).
    #[error("failed to decode managed fields: {0}")]
    ManagedFieldsMalformed(String),
}

/// A field that another manager owns and the configuration would change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    /// The other manager, as messages show it: its quoted name, with subresource, version and time where it has them.
    pub(crate) manager: String,
    /// The field, such as `.data.a`.
    pub(crate) field: String,
}

impl Conflict {
    /// The message of the `FieldManagerConflict` cause in `Status.details.causes`.
    pub(crate) fn cause_message(&self) -> String {
        format!("conflict with {}", self.manager)
    }
}

/// `conflict with "kubectl-client-side-apply" using v1: .data.a`
impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "conflict with {}: {}", self.manager, self.field)
    }
}

/// One line for one conflict, a list for each manager for more.
fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [conflict] = conflicts {
        return format!("Apply failed with 1 conflict: {conflict}");
    }
    let mut sorted: Vec<&Conflict> = conflicts.iter().collect();
    sorted.sort();
    let mut lines = Vec::new();
    let mut manager = None;
    for conflict in sorted {
        if manager != Some(&conflict.manager) {
            lines.push(format!("conflicts with {}:", conflict.manager));
            manager = Some(&conflict.manager);
        }
        lines.push(format!("- {}", conflict.field));
    }
    format!(
        "Apply failed with {} conflicts: {}",
        conflicts.len(),
        lines.join("\n")
    )
}
