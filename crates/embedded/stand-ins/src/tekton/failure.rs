//! A reason and a sentence for a run that cannot go on.

/// Why a run fails: Tekton's word for it and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub(crate) struct Failure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    /// Refuses fields of a spec that the model would otherwise silently ignore.
    pub(crate) fn unless_modelled(reason: &'static str, unmodelled: &[String]) -> Result<(), Self> {
        if unmodelled.is_empty() {
            return Ok(());
        }
        Err(Self::new(
            reason,
            format!(
                "not implemented by konflux-local's model of Tekton: {}; remove it or run on real Tekton",
                unmodelled.join(", ")
            ),
        ))
    }
}
