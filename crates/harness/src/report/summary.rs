//! The table that a person reads.

use std::fmt;

use super::{Outcome, Report};

impl fmt::Display for Report {
    /// A line for each scenario that begins with how it ended; nothing depends on colour.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .scenarios
            .iter()
            .map(|scenario| scenario.name.chars().count())
            .max()
            .unwrap_or_default();
        for scenario in &self.scenarios {
            let name = &scenario.name;
            let seconds = format!("{:.2} s", scenario.elapsed.as_secs_f64());
            match &scenario.outcome {
                Outcome::Passed => writeln!(formatter, "passed   {name:<width$}  {seconds:>8}")?,
                Outcome::Skipped { missing } => {
                    writeln!(formatter, "skipped  {name:<width$}  missing: {missing}")?;
                }
                Outcome::Failed { because, evidence } => {
                    writeln!(formatter, "failed   {name:<width$}  {seconds:>8}")?;
                    for line in because.lines() {
                        writeln!(formatter, "         {line}")?;
                    }
                    if let Some(evidence) = evidence {
                        writeln!(formatter, "         evidence: {}", evidence.display())?;
                    }
                }
            }
        }
        let [passed, failed, skipped] = self.counts();
        let seconds = self.elapsed.as_secs_f64();
        write!(
            formatter,
            "\n{}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.2} s",
            self.deployment
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::report::tests::report;

    #[test]
    fn the_summary_says_how_each_scenario_ended_and_why() {
        insta::assert_snapshot!(report(), @r#"
        passed   a build pushes its image                              0.81 s
        failed   a rebuild of the same source gives the same digest    1.24 s
                 tag moved: registry/a:1 names sha256:b, expected sha256:a
                 it was pushed by somebody
                 evidence: /reports/a-rebuild
        skipped  images are mirrored to Quay                         missing: quay, network

        deployment konflux (embedded cluster, stand-ins): 1 passed, 1 failed, 1 skipped in 1.25 s
        "#);
    }
}
