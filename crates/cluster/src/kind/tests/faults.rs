//! One operation with a fault at each of its calls to the engine.

use futures::future::{BoxFuture, join_all};

use super::fake_engine::{ENGINE_FAULTS, EngineFault, FakeEngine};

/// Runs `operation` on engines made by `prepare`, each with one fault at one call, all at the same time. Every one must fail with a
/// sentence that tells the attempt and the fault, or end well because the fault was in an answer that carries nothing.
pub(super) async fn at_every_call(
    prepare: impl Fn(&FakeEngine) + Copy,
    operation: impl for<'a> Fn(&'a FakeEngine) -> BoxFuture<'a, Result<(), String>> + Copy,
) {
    let healthy = FakeEngine::healthy();
    prepare(&healthy);
    operation(&healthy).await.unwrap();
    let calls = healthy.state().calls.clone();
    assert!(!calls.is_empty());
    let numbered = calls.iter().enumerate();
    let runs = numbered.flat_map(|(number, call)| {
        ENGINE_FAULTS.map(move |fault| async move {
            let engine = FakeEngine::with_fault(number, fault);
            prepare(&engine);
            let outcome = operation(&engine).await;
            judge(call, fault, outcome);
        })
    });
    join_all(runs).await;
    let absent = FakeEngine::absent();
    let error = absent.ping().await.unwrap_err();
    assert!(!super::super::engine_error::is_absent(&error));
}

fn judge(call: &str, fault: EngineFault, outcome: Result<(), String>) {
    let carries_nothing = !call.starts_with("GET") && !call.ends_with("/create");
    let words = match fault {
        EngineFault::Hangs => "did not answer in time",
        EngineFault::Refuses => "refused it (500): no space left on device",
        EngineFault::Nonsense => "answered something that is not its API",
        EngineFault::HangsUp => "could not be asked",
    };
    match outcome {
        Ok(()) => assert!(
            carries_nothing && matches!(fault, EngineFault::Nonsense | EngineFault::HangsUp),
            "{call} {fault:?} was not noticed"
        ),
        Err(text) => assert!(
            text.starts_with("cannot ") && text.contains(words)
                // An answer that carried nothing was believed, and what it should have done is missed later.
                || carries_nothing && text.contains("left"),
            "{call} {fault:?}: {text}"
        ),
    }
}
