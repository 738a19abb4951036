//! trust-manager: the ConfigMap `trusted-ca` in every namespace.
//!
//! [`authorities`] puts together whom pipelines trust; [`config_map`] keeps that in every namespace; [`bundle`] says on Bundles what
//! became of them.

mod authorities;
mod bundle;
mod config_map;

pub(crate) use bundle::run as run_bundles;
pub(crate) use config_map::run as run_config_maps;
