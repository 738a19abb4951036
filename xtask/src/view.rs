//! Views of the event stream: bars on a terminal, plain lines otherwise.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deploy::events::StepName;
use deploy::{Event, EventSink, Stamped};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::report::say;

/// Bars when standard error is a terminal that can show them, plain lines otherwise.
pub(crate) fn best() -> Arc<dyn EventSink> {
    let capable = std::io::stderr().is_terminal()
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    if capable {
        Arc::new(Bars::default())
    } else {
        Arc::new(PlainLines)
    }
}

/// One line for every step that ends.
struct PlainLines;

/// A spinner for every running step, and the same lines as [`PlainLines`] above them.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    running: Mutex<BTreeMap<StepName, ProgressBar>>,
}

impl EventSink for PlainLines {
    fn take(&self, event: &Stamped) {
        if let Some(line) = line(&event.event) {
            say(line);
        }
    }
}

impl EventSink for Bars {
    fn take(&self, event: &Stamped) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.event {
            Event::Started { step } => {
                let style = ProgressStyle::with_template("{spinner} {prefix:<27} {msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner());
                let bar = self.all.add(
                    ProgressBar::new_spinner()
                        .with_style(style)
                        .with_prefix(step.clone()),
                );
                bar.enable_steady_tick(Duration::from_millis(100));
                running.insert(step.clone(), bar);
            }
            Event::Waiting { step, on } => {
                if let Some(bar) = running.get(step) {
                    bar.set_message(format!("waiting for {on}"));
                }
            }
            Event::Retried { step, because } => {
                if let Some(bar) = running.get(step) {
                    bar.set_message(format!("again: {because}"));
                }
            }
            Event::Done { step, .. }
            | Event::Failed { step, .. }
            | Event::Interrupted { step, .. } => {
                if let Some(bar) = running.remove(step) {
                    bar.finish_and_clear();
                    self.all.remove(&bar);
                }
            }
            Event::Planned { .. } | Event::Skipped { .. } => {}
        }
        drop(running);
        if let Some(line) = line(&event.event) {
            self.all.suspend(|| say(line));
        }
    }
}

impl Drop for Bars {
    /// An interrupted run leaves no spinner standing.
    fn drop(&mut self) {
        // A terminal that is gone cannot be tidied.
        let _gone = self.all.clear();
    }
}

/// How an ended step reads. A word says how it ended; nothing depends on colour.
fn line(event: &Event) -> Option<String> {
    match event {
        Event::Done {
            step,
            changed: Some(what),
            elapsed,
        } => Some(format!("done       {step:<27} {what} ({elapsed} ms)")),
        Event::Done {
            step,
            changed: None,
            elapsed,
        } => Some(format!("unchanged  {step:<27} ({elapsed} ms)")),
        Event::Skipped { step, because } => Some(format!("skipped    {step:<27} {because}")),
        Event::Failed { step, elapsed, .. } => {
            Some(format!("failed     {step:<27} ({elapsed} ms)"))
        }
        Event::Interrupted { step, elapsed, .. } => {
            Some(format!("cut short  {step:<27} ({elapsed} ms)"))
        }
        Event::Retried { step, because } => Some(format!("again      {step:<27} {because}")),
        Event::Planned { .. } | Event::Started { .. } | Event::Waiting { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_step_has_a_word_of_its_own() {
        let done = Event::Done {
            step: "tenants".into(),
            changed: Some("applied 4 of 4 objects".into()),
            elapsed: 12,
        };
        assert_eq!(
            line(&done).unwrap(),
            "done       tenants                     applied 4 of 4 objects (12 ms)"
        );
        let unchanged = Event::Done {
            step: "tenants".into(),
            changed: None,
            elapsed: 1,
        };
        assert!(line(&unchanged).unwrap().starts_with("unchanged"));
        assert!(
            line(&Event::Started {
                step: "tenants".into()
            })
            .is_none()
        );
    }
}
