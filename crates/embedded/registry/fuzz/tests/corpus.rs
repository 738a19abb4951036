//! Every input that a fuzzer kept, again.

use std::path::Path;

#[test]
fn every_input_of_every_corpus_keeps_its_targets_promise() {
    for (name, target) in registry_fuzz::TARGETS {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(name);
        let inputs: Vec<_> = std::fs::read_dir(&corpus)
            .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
            .map(|entry| entry.expect("a readable corpus").path())
            .collect();
        assert!(!inputs.is_empty(), "{} is empty", corpus.display());
        for input in inputs {
            target(&std::fs::read(&input).expect("a readable input"));
        }
    }
}
