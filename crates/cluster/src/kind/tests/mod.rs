//! The `kind` program and the engine as fakes that are absent, hang, fail, say nonsense or die, at every call.

mod cache;
mod comparison;
mod creation;
mod destruction;
mod discarding;
mod fake_engine;
mod fake_kind;
mod faults;
mod inspection;
mod looking;
mod network;
mod real_engine;
mod real_kind;
