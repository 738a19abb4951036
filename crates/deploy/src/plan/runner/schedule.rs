//! Which steps may begin.

use std::collections::BTreeMap;

use crate::plan::{Plan, Step};

/// What of a plan has not begun, and how many prerequisites each of it still lacks.
pub(super) struct Schedule<'a, C> {
    plan: &'a Plan<C>,
    /// For each step, how many of its prerequisites are not done.
    lacking: Vec<usize>,
    /// For each step, the steps that need it.
    dependents: Vec<Vec<usize>>,
    begun: Vec<bool>,
    ready: Vec<usize>,
}

impl<'a, C> Schedule<'a, C> {
    pub(super) fn new(plan: &'a Plan<C>) -> Self {
        let indices: BTreeMap<&str, usize> = plan
            .steps()
            .enumerate()
            .map(|(index, (step, _))| (step.name(), index))
            .collect();
        let mut dependents = vec![Vec::new(); indices.len()];
        let mut lacking = vec![0; indices.len()];
        for (index, (step, _)) in plan.steps().enumerate() {
            // A checked plan names only steps that exist.
            for needs in step.needs().iter().filter_map(|name| indices.get(name)) {
                dependents[*needs].push(index);
                lacking[index] += 1;
            }
        }
        let ready = (0..lacking.len())
            .filter(|index| lacking[*index] == 0)
            .collect();
        Self {
            plan,
            begun: vec![false; lacking.len()],
            lacking,
            dependents,
            ready,
        }
    }

    /// The steps that may begin now, in the order of the plan; they count as begun.
    pub(super) fn take_ready(&mut self) -> Vec<usize> {
        let mut ready = std::mem::take(&mut self.ready);
        ready.sort_unstable();
        for index in &ready {
            self.begun[*index] = true;
        }
        ready
    }

    /// A step is done: what lacked nothing else may begin.
    pub(super) fn done(&mut self, index: usize) {
        for dependent in &self.dependents[index] {
            self.lacking[*dependent] -= 1;
            if self.lacking[*dependent] == 0 {
                self.ready.push(*dependent);
            }
        }
    }

    /// The steps that have not begun, in the order of the plan.
    pub(super) fn not_begun(&self) -> impl Iterator<Item = &'a dyn Step<C>> {
        self.plan
            .steps()
            .zip(&self.begun)
            .filter(|(_, begun)| !**begun)
            .map(|((step, _), _)| step)
    }
}
