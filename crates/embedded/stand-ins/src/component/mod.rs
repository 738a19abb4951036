//! build-service: a Component's ServiceAccount, and the builds that are requested for it.

mod build;
mod controller;
mod identity;
mod image;
mod pipeline_choice;
mod request;
mod source;
mod status;

pub(crate) use build::workspace_claim;
pub(crate) use controller::run;
pub(crate) use image::snapshot_image;
