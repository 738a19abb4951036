//! Whether a cluster is there.

use crate::kind::KindError;

/// Yes, no, or could not tell: the last never counts as no.
#[derive(Debug)]
pub enum Existence {
    /// It is there, running or stopped.
    Yes,
    /// It is not there.
    No,
    /// It could not be told.
    Unknown(KindError),
}
