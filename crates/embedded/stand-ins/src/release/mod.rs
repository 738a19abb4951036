//! release-service: a Release is validated, its pipelines run one after the other, and its conditions say how it went.
//!
//! [`matching`] finds the admission of a plan, [`validation`] judges a Release, [`progress`] decides what comes next;
//! all three only look. [`controller`] reads the objects and carries out what was decided.

mod cleanup;
mod conditions;
mod controller;
mod expiration;
mod failure;
mod load;
mod matching;
mod metadata;
mod observed;
mod params;
mod phase;
mod pipeline_run;
mod progress;
mod record;
mod validation;
mod webhook;

pub(crate) use controller::run;
