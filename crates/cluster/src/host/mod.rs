//! What the machine offers, and what stands in the way.

pub mod clock;
pub mod disk;
pub mod engine;
pub mod ports;
