//! Is the engine's machine large enough?

use super::super::check::{Check, Remedy};
use super::super::engine::Facts;
use super::super::wishes::Wishes;

const GIB: u64 = 1024 * 1024 * 1024;
/// What is left for the engine, the desktop and this program beside the node: upstream asks for 4 GiB, too.
const BESIDE_GIB: u64 = 4;
/// Processors that upstream's guide asks for a full Konflux.
const FULL_CPUS: u64 = 4;
/// Processors that Kubernetes asks for.
const SMALL_CPUS: u64 = 2;

/// Memory of the engine's machine against `KIND_MEMORY_GB`.
pub(in super::super) fn memory(facts: &Facts, wishes: &Wishes) -> Check {
    const NAME: &str = "memory";
    let Some(bytes) = facts.memory else {
        return Check::unknown(NAME, "the engine does not say how much it has");
    };
    let wanted = wishes.memory_gib;
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let seen = format!(
        "the engine has {:.1} GiB, and the node may use {wanted} of them",
        bytes as f64 / GIB as f64
    );
    let remedy = Remedy::advice(if wishes.full() {
        "give the engine's machine more, lower KIND_MEMORY_GB, or use --konflux stand-ins, which needs little"
    } else {
        "give the engine's machine more, or lower KIND_MEMORY_GB"
    });
    if bytes < wanted * GIB && wishes.full() {
        return Check::fail(NAME, seen, remedy);
    }
    if bytes < (wanted + BESIDE_GIB) * GIB {
        return Check::warn(NAME, seen, remedy);
    }
    Check::pass(NAME, seen)
}

/// Processors of the engine's machine.
pub(in super::super) fn cpus(facts: &Facts, wishes: &Wishes) -> Check {
    const NAME: &str = "cpus";
    let Some(count) = facts.cpus else {
        return Check::unknown(NAME, "the engine does not say how many it has");
    };
    let (wanted, what) = if wishes.full() {
        (FULL_CPUS, "a full Konflux")
    } else {
        (SMALL_CPUS, "Kubernetes")
    };
    let architecture = facts.architecture.as_deref().unwrap_or("unknown");
    let seen = format!("the engine has {count} ({architecture}); {what} asks for {wanted}");
    if count < wanted {
        return Check::warn(
            NAME,
            seen,
            Remedy::advice("expect slow starts and timeouts, or give the engine's machine more"),
        );
    }
    Check::pass(NAME, seen)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use crate::choice::Flavour;

    fn verdict(gib: u64, flavour: Flavour) -> Verdict {
        let facts = Facts {
            memory: Some(gib * GIB),
            ..Facts::default()
        };
        memory(&facts, &Wishes::new(flavour, "/".into())).verdict
    }

    #[test]
    fn too_little_memory_is_fatal_to_a_full_konflux_only() {
        assert_eq!(verdict(7, Flavour::Operator), Verdict::Fail);
        assert_eq!(verdict(7, Flavour::StandIns), Verdict::Warn);
        assert_eq!(verdict(10, Flavour::Operator), Verdict::Warn);
        assert_eq!(verdict(12, Flavour::Operator), Verdict::Pass);
    }

    #[test]
    fn an_engine_that_does_not_say_is_a_warning() {
        let wishes = Wishes::new(Flavour::Operator, "/".into());
        for check in [
            memory(&Facts::default(), &wishes),
            cpus(&Facts::default(), &wishes),
        ] {
            assert_eq!(check.verdict, Verdict::Warn);
            assert!(check.seen.starts_with("could not tell"), "{}", check.seen);
        }
    }

    #[test]
    fn few_processors_are_slow_and_not_fatal() {
        let facts = Facts {
            cpus: Some(2),
            ..Facts::default()
        };
        let full = Wishes::new(Flavour::Operator, "/".into());
        let small = Wishes::new(Flavour::StandIns, "/".into());
        assert_eq!(cpus(&facts, &full).verdict, Verdict::Warn);
        assert_eq!(cpus(&facts, &small).verdict, Verdict::Pass);
    }
}
