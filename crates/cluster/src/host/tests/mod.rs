//! Hosts that were made up, and the real one where there is an engine.

mod engines;
mod examination;
mod fake_engine;
mod fake_host;
mod possible;
mod programs;
mod real_engine;
