//! JUnit XML, as continuous integration systems read it.

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::{Outcome, Report};

/// The suite's name in JUnit reports.
const SUITE: &str = "konflux-local conformance";

/// The report as JUnit XML.
pub(super) fn xml(report: &Report) -> Result<String, SerializeError> {
    let mut suite = TestSuite::new(SUITE);
    suite.set_time(report.elapsed);
    suite.add_property(("deployment", report.deployment.as_str()));
    for scenario in &report.scenarios {
        let status = match &scenario.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Skipped { missing } => {
                let mut skipped = TestCaseStatus::skipped();
                skipped.set_message(format!("missing: {missing}"));
                skipped
            }
            Outcome::Failed { because, .. } => {
                let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
                failed
                    .set_message(because.lines().next().unwrap_or_default())
                    .set_description(because.as_str());
                failed
            }
        };
        let mut case = TestCase::new(scenario.name.as_str(), status);
        case.set_classname(SUITE)
            .set_time(scenario.elapsed)
            .set_system_out(scenario.story.as_str());
        suite.add_test_case(case);
    }
    let mut whole = quick_junit::Report::new(SUITE);
    whole.set_time(report.elapsed).add_test_suite(suite);
    whole.to_string()
}

#[cfg(test)]
mod tests {
    use crate::report::tests::report;

    #[test]
    fn the_junit_report_holds_failure_skip_reason_and_story() {
        insta::assert_snapshot!(super::xml(&report()).unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="konflux-local conformance" tests="3" skipped="1" failures="1" errors="0" time="1.250">
            <testsuite name="konflux-local conformance" tests="3" skipped="1" errors="0" failures="1" time="1.250">
                <properties>
                    <property name="deployment" value="deployment konflux (embedded cluster, stand-ins)"/>
                </properties>
                <testcase name="a build pushes its image" classname="konflux-local conformance" time="0.812">
                    <system-out>   0.010 s  did something
        </system-out>
                </testcase>
                <testcase name="a rebuild of the same source gives the same digest" classname="konflux-local conformance" time="1.240">
                    <failure message="tag moved: registry/a:1 names sha256:b, expected sha256:a">tag moved: registry/a:1 names sha256:b, expected sha256:a
        it was pushed by somebody</failure>
                    <system-out>   0.010 s  did something
        </system-out>
                </testcase>
                <testcase name="images are mirrored to Quay" classname="konflux-local conformance" time="0.000">
                    <skipped message="missing: quay, network"/>
                    <system-out>   0.010 s  did something
        </system-out>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
