//! Server-side apply and the ownership of fields.
//!
//! [`apply`] merges an applied configuration into a live object, finds the conflicts with other managers and removes
//! what the manager applied before and does not any more; [`record_update`] keeps `metadata.managedFields` true under
//! every other write. Both follow `sigs.k8s.io/structured-merge-diff/v6` (its packages `typed`, `merge` and `fieldpath`)
//! and `k8s.io/apimachinery/pkg/util/managedfields`;
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/> explains what they promise to users.
//!
//! How the parts of an object merge comes from a [`Topology`]: the schema of a custom resource, or [`BuiltIn`].
//! All versions of a kind are taken to have the same fields. Sets of objects are treated as a whole; Kubernetes
//! refuses them.

mod built_in;
mod built_in_pod;
mod cap;
mod compare;
mod error;
mod field_set;
mod fields_v1;
mod form;
mod last_applied;
mod managers;
mod merge;
mod owned;
mod path;
mod remove;
mod server_side;
mod topology;
mod update;

pub(crate) use built_in::{BuiltIn, metadata as metadata_shape};
pub(crate) use error::ApplyError;
pub(crate) use server_side::{Applied, apply};
pub(crate) use topology::{Merge, Others, Shape, Topology};
pub(crate) use update::record_update;

#[cfg(test)]
mod tests;
