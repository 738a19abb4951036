//! The engine of the machine that runs the tests, where one answers.

use super::super::engine::{EngineError, find};
use super::super::{Environment, NoLookup, Verdict, Wishes, examine};
use crate::choice::Flavour;

fn skipped(error: &EngineError) {
    eprintln!("skipped: needs an engine: {error}");
}

#[tokio::test]
async fn the_real_engine_says_what_it_is_and_is_judged() {
    let environment = Environment::of_this_process();
    let engine = match find(&environment).await {
        Ok(engine) => engine,
        Err(error) => return skipped(&error),
    };
    let facts = engine.facts();
    assert!(facts.memory.is_some_and(|bytes| bytes > 0), "{facts:?}");
    assert!(
        facts.cgroup_version.is_some() && facts.storage_driver.is_some(),
        "{facts:?}"
    );
    if engine.client().is_some() {
        engine.published_ports().await.unwrap();
        assert_eq!(
            engine.has_image("localhost/no/such/image:ever").await,
            Some(false)
        );
    }
    let wishes = Wishes::new(Flavour::StandIns, std::env::temp_dir());
    let report = examine(&environment, &wishes, &NoLookup).await;
    let engine = &report.checks()[0];
    assert_eq!(
        (engine.name.as_ref(), engine.verdict),
        ("engine", Verdict::Pass),
        "{engine}"
    );
}
