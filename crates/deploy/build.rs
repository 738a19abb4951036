//! The fixtures are compiled in: a change of them must compile the crate again.

fn main() {
    println!("cargo::rerun-if-changed=../../fixtures");
}
