//! Sets of places in an object (`structured-merge-diff/fieldpath.Set`).

use std::collections::BTreeMap;

use super::path::PathElement;
use super::topology::{Merge, Shape};

/// A set of places, as a tree. No branch of it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    pub(super) branches: BTreeMap<PathElement, Branch>,
}

/// What a set has at and below one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Branch {
    /// Whether the place itself is in the set.
    pub(super) member: bool,
    /// The places below.
    pub(super) below: FieldSet,
}

impl Branch {
    fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Adds a place; the whole object is not a place.
    pub(super) fn insert(&mut self, path: &[PathElement]) {
        let Some((last, above)) = path.split_last() else {
            return;
        };
        let mut set = self;
        for element in above {
            set = &mut set.branches.entry(element.clone()).or_default().below;
        }
        set.branches.entry(last.clone()).or_default().member = true;
    }

    /// Adds a branch unless it is empty.
    pub(super) fn add(&mut self, element: PathElement, branch: Branch) {
        if branch.is_empty() {
            return;
        }
        match self.branches.entry(element) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(branch);
            }
            std::collections::btree_map::Entry::Occupied(mut occupied) => {
                let present = occupied.get_mut();
                present.member |= branch.member;
                present.below = present.below.union(&branch.below);
            }
        }
    }

    pub(super) fn has(&self, element: &PathElement) -> bool {
        self.branches
            .get(element)
            .is_some_and(|branch| branch.member)
    }

    pub(super) fn below(&self, element: &PathElement) -> Option<&FieldSet> {
        self.branches
            .get(element)
            .map(|branch| &branch.below)
            .filter(|below| !below.is_empty())
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        for (element, branch) in &other.branches {
            union.add(element.clone(), branch.clone());
        }
        union
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut intersection = Self::default();
        for (element, left) in &self.branches {
            if let Some(right) = other.branches.get(element) {
                let member = left.member && right.member;
                intersection.add(
                    element.clone(),
                    Branch {
                        member,
                        below: left.below.intersection(&right.below),
                    },
                );
            }
        }
        intersection
    }

    /// The places that are in this set and not in the other; a place in the other takes none below it away.
    pub(super) fn difference(&self, other: &Self) -> Self {
        let mut difference = Self::default();
        for (element, left) in &self.branches {
            let branch = match other.branches.get(element) {
                None => left.clone(),
                Some(right) => Branch {
                    member: left.member && !right.member,
                    below: left.below.difference(&right.below),
                },
            };
            difference.add(element.clone(), branch);
        }
        difference
    }

    /// The set with every named field that it has something below.
    pub(super) fn with_named_fields(&self, shape: &Shape) -> Self {
        let branches = self.branches.iter().map(|(element, branch)| {
            let (named, shape) = match element {
                PathElement::Field(name) => (
                    shape.merge == Merge::Granular && shape.names(name),
                    shape.field(name),
                ),
                _ => (false, shape.element()),
            };
            let member = branch.member || (named && !branch.below.is_empty());
            (
                element.clone(),
                Branch {
                    member,
                    below: branch.below.with_named_fields(shape),
                },
            )
        });
        Self {
            branches: branches.collect(),
        }
    }

    /// Every place, as text such as `.spec.containers[name="web"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, above: &str, paths: &mut Vec<String>) {
        for (element, branch) in &self.branches {
            let path = format!("{above}{element}");
            branch.below.collect_paths(&path, paths);
            if branch.member {
                paths.push(path);
            }
        }
    }
}
