//! Tekton's rules that pipelines and tasks share: parameters, references to variables, durations, names.

pub(crate) mod condition;
pub(crate) mod duration;
pub(crate) mod failure;
pub(crate) mod names;
pub(crate) mod params;
pub(crate) mod reference;
pub(crate) mod resolver;
pub(crate) mod results;
pub(crate) mod variables;

pub(crate) use failure::Failure;
pub(crate) use variables::Variables;
