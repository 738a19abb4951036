//! Yes, no, or could not tell.

use serde::Serialize;

use super::{Obstacle, Rights};

/// What a check came to. That something is in the way does not mean that the registry said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was wanted works.
    Granted,
    /// The registry said no.
    Refused,
    /// The check did not come to an answer: no registry was reached, or it was not able to answer.
    Unknown,
}

impl Verdict {
    pub(super) fn of(wanted: Rights, proven: Rights, obstacle: Option<&Obstacle>) -> Self {
        match obstacle {
            None if proven.include(wanted) => Self::Granted,
            Some(
                Obstacle::LoginNeeded { .. }
                | Obstacle::WrongPassword { .. }
                | Obstacle::TokenRefused { .. }
                | Obstacle::ScopesTooSmall { .. }
                | Obstacle::NoRight { .. }
                | Obstacle::RepositoryMustExist { .. }
                | Obstacle::NoRightOrNoRepository { .. }
                | Obstacle::UnexpectedStatus { status: 405, .. },
            ) => Self::Refused,
            _ => Self::Unknown,
        }
    }
}
