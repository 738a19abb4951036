//! A plan as text and JSON: what `--dry-run` prints. Making it runs nothing.

use std::fmt;

use serde::Serialize;

use super::{Again, Plan};

/// A plan, told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Outline {
    steps: Vec<OutlinedStep>,
}

/// A step, told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutlinedStep {
    /// Its name.
    pub step: &'static str,
    /// What it would do.
    pub title: &'static str,
    /// Steps that must be done before.
    pub needs: &'static [&'static str],
    /// How many steps have to follow on each other before it can begin: those of one rank may run at the same time.
    pub rank: usize,
    /// How long it may take, seconds.
    pub limit_seconds: u64,
    /// What running it again does.
    pub again: Again,
}

impl Outline {
    /// Tells a plan.
    #[must_use]
    pub fn of<C>(plan: &Plan<C>) -> Self {
        let mut steps: Vec<OutlinedStep> = Vec::new();
        for (step, rule) in plan.steps() {
            let needs = step.needs();
            let before = steps.iter().filter(|before| needs.contains(&before.step));
            let rank = before.map(|before| before.rank + 1).max().unwrap_or(0);
            steps.push(OutlinedStep {
                step: step.name(),
                title: step.title(),
                needs,
                rank,
                limit_seconds: rule.limit.as_secs(),
                again: rule.again,
            });
        }
        Self { steps }
    }

    /// The steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[OutlinedStep] {
        &self.steps
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let after = if step.needs.is_empty() {
                String::new()
            } else {
                format!(" (after {})", step.needs.join(", "))
            };
            writeln!(formatter, "{}{after}", step.step)?;
            writeln!(formatter, "    {}", step.title)?;
            writeln!(
                formatter,
                "    at most {} s; run again: {}",
                step.limit_seconds, step.again
            )?;
        }
        write!(
            formatter,
            "{} steps; those that do not come after each other run at the same time",
            self.steps.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Target;

    #[test]
    fn the_embedded_plan_reads_as_a_person_needs_it() {
        insta::assert_snapshot!(Outline::of(&Target::Embedded.plan()));
    }

    #[test]
    fn a_step_has_a_higher_rank_than_everything_it_needs() {
        let outline = Outline::of(&Target::Embedded.plan());
        for step in outline.steps() {
            for needs in step.needs {
                let before = outline.steps().iter().find(|other| other.step == *needs);
                assert!(before.unwrap().rank < step.rank, "{}", step.step);
            }
        }
    }

    #[test]
    fn the_json_has_a_stable_form() {
        let json = serde_json::to_value(Outline::of(&Target::Embedded.plan())).unwrap();
        insta::assert_json_snapshot!(json[1], @r#"
        {
          "again": "keeps",
          "limitSeconds": 30,
          "needs": [
            "certificates"
          ],
          "rank": 1,
          "step": "embedded-cluster",
          "title": "start the API server, the registry and the stand-ins in one background process"
        }
        "#);
    }
}
