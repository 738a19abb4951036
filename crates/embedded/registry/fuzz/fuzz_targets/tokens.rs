//! `cargo fuzz run tokens`: see the library's module of the same name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry_fuzz::tokens::target(data));
