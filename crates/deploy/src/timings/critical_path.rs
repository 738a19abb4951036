//! The critical path: the chain of steps that no other order could have made shorter.

use std::time::Duration;

/// How long a step took, and which steps it needs, by their place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// How long it took.
    pub took: Duration,
    /// What it needs; only places before its own count.
    pub needs: Vec<usize>,
}

/// The longest chain of steps of which each needs the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CriticalPath {
    /// The steps, by their place in the list, first to last.
    pub steps: Vec<usize>,
    /// The sum of what they took: the least time that the plan can take.
    pub length: Duration,
}

/// Finds the critical path, in one pass because every step comes after what it needs. Of chains of equal length the one
/// that stands first in the list is given.
#[must_use]
pub fn critical_path(tasks: &[Task]) -> CriticalPath {
    // For each task, the length of the longest chain that ends with it, and the task before it on that chain.
    let mut chains: Vec<(Duration, Option<usize>)> = Vec::with_capacity(tasks.len());
    for (place, task) in tasks.iter().enumerate() {
        let mut longest = (Duration::ZERO, None);
        for needs in task.needs.iter().copied().filter(|needs| *needs < place) {
            if longest.1.is_none() || chains[needs].0 > longest.0 {
                longest = (chains[needs].0, Some(needs));
            }
        }
        chains.push((longest.0 + task.took, longest.1));
    }
    let mut last = None;
    for (place, (length, _)) in chains.iter().enumerate() {
        if last.is_none_or(|last: usize| *length > chains[last].0) {
            last = Some(place);
        }
    }
    let length = last.map_or(Duration::ZERO, |last| chains[last].0);
    let mut steps: Vec<usize> = std::iter::successors(last, |place| chains[*place].1).collect();
    steps.reverse();
    CriticalPath { steps, length }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(took: u64, needs: &[usize]) -> Task {
        Task {
            took: Duration::from_millis(took),
            needs: needs.to_vec(),
        }
    }

    /// Plans of up to ten steps, each of which may need any of those before it.
    fn plans() -> impl Strategy<Value = Vec<Task>> {
        prop::collection::vec((0..100_u64, any::<u16>()), 0..10).prop_map(|steps| {
            let steps = steps.into_iter().enumerate();
            steps
                .map(|(place, (took, mask))| {
                    let needs: Vec<usize> = (0..place)
                        .filter(|needs| mask & (1 << needs) != 0)
                        .collect();
                    task(took, &needs)
                })
                .collect()
        })
    }

    /// Every chain, tried out.
    fn longest_chain_from(tasks: &[Task], place: usize) -> Duration {
        let needs = tasks[place].needs.iter();
        let before = needs.map(|needs| longest_chain_from(tasks, *needs)).max();
        before.unwrap_or_default() + tasks[place].took
    }

    /// How long a plan takes whose steps begin as soon as they can.
    fn simulated(tasks: &[Task]) -> Duration {
        let mut ends: Vec<Duration> = Vec::new();
        for task in tasks {
            let begin = task.needs.iter().map(|needs| ends[*needs]).max();
            ends.push(begin.unwrap_or_default() + task.took);
        }
        ends.into_iter().max().unwrap_or_default()
    }

    #[test]
    fn a_plan_of_nothing_has_an_empty_path() {
        assert_eq!(critical_path(&[]), CriticalPath::default());
    }

    #[test]
    fn the_slower_of_two_branches_is_critical() {
        let path = critical_path(&[task(1, &[]), task(5, &[0]), task(9, &[0]), task(1, &[1, 2])]);
        assert_eq!(path.steps, [0, 2, 3]);
        assert_eq!(path.length, Duration::from_millis(11));
    }

    #[test]
    fn a_need_that_does_not_come_before_is_not_followed() {
        assert_eq!(critical_path(&[task(1, &[0, 7])]).steps, [0]);
    }

    proptest! {
        #[test]
        fn no_chain_is_longer(tasks in plans()) {
            let longest = (0..tasks.len()).map(|place| longest_chain_from(&tasks, place)).max();
            prop_assert_eq!(critical_path(&tasks).length, longest.unwrap_or_default());
        }

        #[test]
        fn it_is_a_chain_of_its_length(tasks in plans()) {
            let path = critical_path(&tasks);
            for pair in path.steps.windows(2) {
                prop_assert!(tasks[pair[1]].needs.contains(&pair[0]));
            }
            let sum: Duration = path.steps.iter().map(|place| tasks[*place].took).sum();
            prop_assert_eq!(sum, path.length);
            if let Some(first) = path.steps.first() {
                prop_assert!(tasks[*first].needs.is_empty());
            }
        }

        #[test]
        fn it_is_what_a_plan_takes_whose_steps_begin_as_soon_as_they_can(tasks in plans()) {
            prop_assert_eq!(critical_path(&tasks).length, simulated(&tasks));
        }

        #[test]
        fn a_slower_step_never_shortens_it(tasks in plans(), place in any::<prop::sample::Index>(), more in 0..50_u64) {
            prop_assume!(!tasks.is_empty());
            let before = critical_path(&tasks).length;
            let mut slower = tasks.clone();
            slower[place.index(tasks.len())].took += Duration::from_millis(more);
            let after = critical_path(&slower).length;
            prop_assert!(after >= before && after <= before + Duration::from_millis(more));
        }
    }
}
