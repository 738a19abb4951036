//! What is fuzzed, and what must hold whatever the input is. One module per target; each panics when its promise is broken.
//!
//! ```sh
//! cargo install cargo-fuzz
//! cd crates/embedded/registry
//! cargo fuzz run --sanitizer none --features libfuzzer names -- -max_total_time=600
//! ```
//!
//! `tests/corpus.rs` replays every corpus in `cargo test`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a target reports what it found"
)]

pub mod digests;
pub mod names;
pub mod ranges;
mod requests;
pub mod tokens;
pub mod uploads;

/// Takes any input, and panics when a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("names", names::target),
    ("digests", digests::target),
    ("ranges", ranges::target),
    ("uploads", uploads::target),
    ("tokens", tokens::target),
];
