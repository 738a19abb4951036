//! The report of a wait that came to nothing.

use std::fmt;
use std::time::Duration;

use super::Wait;

/// A wait that reached its limit: what was waited for and what was seen instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// What was waited for.
    pub wait: Wait,
    /// `Kind namespace/name`, or how the object was looked for when it did not exist yet.
    pub object: String,
    /// What had to become true of it, as a clause.
    pub condition: String,
    /// How long it was waited for.
    pub elapsed: Duration,
    /// The object's last observed status, one line for each condition; `None` when the object never existed.
    pub last_seen: Option<Vec<String>>,
    /// The last failure of watching, if the API server's answers may be the cause.
    pub watch_error: Option<String>,
    /// The namespace's last events, oldest first.
    pub events: Vec<String>,
    /// Containers of the namespace's pods that have not ended well.
    pub containers: Vec<String>,
}

impl std::error::Error for Expired {}

impl fmt::Display for Expired {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        writeln!(
            formatter,
            "gave up waiting for {} after {seconds:.1} s",
            self.wait.words()
        )?;
        writeln!(formatter, "  object      {}", self.object)?;
        write!(formatter, "  condition   {}", self.condition)?;
        let never = || vec!["it does not exist".to_owned()];
        let last_seen = self.last_seen.clone().unwrap_or_else(never);
        list(formatter, "last seen", &last_seen)?;
        list(formatter, "watching", self.watch_error.as_slice())?;
        list(formatter, "events", or_none(&self.events))?;
        list(formatter, "containers", or_none(&self.containers))
    }
}

/// A heading beside the first line, the others below it.
fn list(
    formatter: &mut fmt::Formatter<'_>,
    heading: &str,
    lines: &[impl fmt::Display],
) -> fmt::Result {
    for (index, line) in lines.iter().enumerate() {
        let heading = if index == 0 { heading } else { "" };
        write!(formatter, "\n  {heading:<11} {line}")?;
    }
    Ok(())
}

fn or_none(lines: &[String]) -> &[String] {
    static NONE: std::sync::LazyLock<[String; 1]> =
        std::sync::LazyLock::new(|| ["none".to_owned()]);
    if lines.is_empty() {
        NONE.as_slice()
    } else {
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired() -> Expired {
        Expired {
            wait: Wait::BuildEnded,
            object: "PipelineRun shop/web-on-push-x7k2p".to_owned(),
            condition: "its condition Succeeded is True or False".to_owned(),
            elapsed: Duration::from_millis(60_012),
            last_seen: Some(vec![
                "Succeeded is Unknown (Running): Tasks Completed: 1, Incomplete: 2".to_owned(),
                "child TaskRun web-on-push-x7k2p-push (push)".to_owned(),
            ]),
            watch_error: None,
            events: vec![
                "Warning FailedToRetrieveSecret on PipelineRun/web: no such secret".to_owned(),
            ],
            containers: vec![
                "web-on-push-x7k2p-push-pod/step-push: waiting, ContainerCreating".to_owned(),
            ],
        }
    }

    #[test]
    fn an_expired_wait_reports_object_condition_status_events_and_containers() {
        insta::assert_snapshot!(expired(), @r"
        gave up waiting for the build to end after 60.0 s
          object      PipelineRun shop/web-on-push-x7k2p
          condition   its condition Succeeded is True or False
          last seen   Succeeded is Unknown (Running): Tasks Completed: 1, Incomplete: 2
                      child TaskRun web-on-push-x7k2p-push (push)
          events      Warning FailedToRetrieveSecret on PipelineRun/web: no such secret
          containers  web-on-push-x7k2p-push-pod/step-push: waiting, ContainerCreating
        ");
    }

    #[test]
    fn a_wait_for_something_that_never_existed_says_so() {
        let nothing = Expired {
            wait: Wait::BuildStarted,
            object: "PipelineRun in shop with label appstudio.openshift.io/component=web"
                .to_owned(),
            condition: "it is none of the earlier builds".to_owned(),
            last_seen: None,
            watch_error: Some(
                "failed to perform initial object list: connection refused".to_owned(),
            ),
            events: Vec::new(),
            containers: Vec::new(),
            ..expired()
        };
        insta::assert_snapshot!(nothing, @r"
        gave up waiting for a requested build to start after 60.0 s
          object      PipelineRun in shop with label appstudio.openshift.io/component=web
          condition   it is none of the earlier builds
          last seen   it does not exist
          watching    failed to perform initial object list: connection refused
          events      none
          containers  none
        ");
    }
}
