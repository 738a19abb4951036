//! `cargo fuzz run digests`: see the library's module of the same name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry_fuzz::digests::target(data));
