//! CustomResourceDefinitions: what they must be, and how they become served resources.

mod definition;
mod serve;
mod validation;

pub(crate) use definition::defaults;
pub(crate) use serve::{DefinitionsLock, set_condition};
pub(crate) use validation::problems;

/// Finalizer of a deleted definition that still has objects.
pub(crate) const CLEANUP_FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
