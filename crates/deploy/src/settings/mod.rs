//! Settings: one table for code, `--help` and documentation; flag > environment > `deploy-local.env` > default.

mod env_file;
mod konflux_resource;
mod resolve;
mod table;
mod values;

pub use env_file::EnvFileError;
pub use resolve::{Origin, Settings, SettingsError, Sources};
pub use table::{Kind, SETTINGS, Setting, documentation};
