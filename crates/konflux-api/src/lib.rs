//! Konflux's and Tekton's resources, names, labels and constants, as data.
//!
//! This crate knows what things are called and what they look like; it decides nothing and talks to nobody.
//!
//! - [`konflux`]: the kinds of `appstudio.redhat.com/v1alpha1` that builds and releases use.
//! - [`tekton`]: the kinds of `tekton.dev/v1`.
//! - [`trust_manager`]: whom pipelines trust, `trust.cert-manager.io/v1alpha1`.
//! - [`labels`], [`annotations`], [`names`]: the words by which Konflux's controllers find each other's objects.
//! - [`source_repository`]: how this project keeps source code where there is no git server.
//!
//! The typed structs name the fields this project reads or writes, not all that exist. A typed object must therefore
//! never be written back with a PUT: live objects are changed with patches.
//!
//! ```
//! use konflux_api::{konflux::Component, labels, names};
//!
//! let component: Component = serde_json::from_value(serde_json::json!({
//!     "apiVersion": "appstudio.redhat.com/v1alpha1",
//!     "kind": "Component",
//!     "metadata": {"name": "sample", "namespace": "user-ns1"},
//!     "spec": {"componentName": "sample", "application": "shop"},
//! }))?;
//! assert_eq!(names::build_pipeline_service_account("sample"), "build-pipeline-sample");
//! assert_eq!(component.spec.application, "shop");
//! assert_eq!(labels::COMPONENT, "appstudio.openshift.io/component");
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod annotations;
pub mod konflux;
pub mod labels;
pub mod names;
pub mod source_repository;
pub mod tekton;
pub mod trust_manager;
mod well_known;

pub use well_known::{
    FIELD_MANAGER, INTERNAL_REGISTRY_HOST, PIPELINES_NAMESPACE, PROBE_IMAGE, SOURCE_HOST,
};
