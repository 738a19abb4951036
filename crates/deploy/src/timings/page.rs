//! The page around the picture: what happened, the picture, and the same as a table. It needs nothing but itself.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::picture::{draw, seconds, word};
use super::run::{End, Run, StepTime};

const STYLE: &str = include_str!("page.css");
/// The browser is told to load nothing, so that a step's text can do no harm even if it were not escaped.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Renders a run as one HTML document.
pub(super) fn render(run: &Run) -> String {
    let path = run.critical_path();
    let critical: BTreeSet<usize> = path.steps.iter().copied().collect();
    let names: Vec<&str> = path
        .steps
        .iter()
        .map(|place| run.steps[*place].name.as_str())
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "deploy-local: where the time went" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "deploy-local: where the time went" }
                    p {
                        "The run of " time datetime=(run.began) { (run.began.strftime("%Y-%m-%d %H:%M:%S UTC")) }
                        " took " strong { (seconds(run.took())) } ": " (verdict(run)) "."
                    }
                    p {
                        "The critical path, marked with ◆, took " strong { (seconds(path.length)) }
                        ": " (names.join(" → ")) ". Only a shorter path makes the run shorter."
                    }
                    // What scrolls must be reachable without a mouse.
                    div class="picture" tabindex="0" role="region" aria-label="Picture of the run" { (draw(run, &critical)) }
                    ul class="legend" {
                        li { span class="key changed" {} "changed something" }
                        li { span class="key unchanged" {} "found everything as it should be" }
                        li { span class="key wait" {} "waiting" }
                        li { span class="key failed" {} "failed or interrupted" }
                        li { span class="key critical" {} "◆ critical path" }
                        li { span class="key-retry" { "▼" } "tried again" }
                    }
                    (table(run, &critical))
                }
            }
        }
    };
    page.into_string()
}

fn table(run: &Run, critical: &BTreeSet<usize>) -> Markup {
    html! {
        div class="table" tabindex="0" role="region" aria-label="Table of the steps" {
            table {
                caption { "Every step, in the order of the plan" }
                thead {
                    tr {
                        th scope="col" { "Step" }
                        th scope="col" { "After" }
                        th scope="col" class="number" { "Began" }
                        th scope="col" class="number" { "Took" }
                        th scope="col" class="number" { "Waited" }
                        th scope="col" { "Ended" }
                    }
                }
                tbody {
                    @for (place, step) in run.steps.iter().enumerate() {
                        (row(run, step, critical.contains(&place)))
                    }
                }
            }
        }
    }
}

fn row(run: &Run, step: &StepTime, critical: bool) -> Markup {
    let began = step
        .began
        .map(|at| seconds(super::run::between(run.began, at)));
    html! {
        tr class=[critical.then_some("critical")] {
            th scope="row" {
                @if critical { "◆ " }
                (step.name)
                span class="detail" { (step.title) }
            }
            td { (step.needs.join(", ")) }
            td class="number" { (began.unwrap_or_default()) }
            td class="number" { (step.took().map(seconds).unwrap_or_default()) }
            td class="number" { @if !step.waits.is_empty() { (seconds(step.waited())) } }
            td {
                strong { (word(&step.end)) }
                @if let Some(words) = details(&step.end) { span class="detail" { (words) } }
                @if let End::Failed { evidence: Some(folder), .. } = &step.end {
                    span class="detail" { "evidence: " (folder.display()) }
                }
                @for retry in &step.retries { span class="detail" { "tried again: " (retry.because) } }
                @for wait in &step.waits {
                    span class="detail" {
                        "waited " (seconds(super::run::between(wait.from, wait.until))) " for " (wait.on)
                    }
                }
            }
        }
    }
}

fn details(end: &End) -> Option<&str> {
    match end {
        End::Changed(what) => Some(what),
        End::Failed { error, .. } => Some(error),
        End::Interrupted(seen) => Some(seen),
        End::Skipped(because) => Some(because),
        End::Unchanged | End::Lost => None,
    }
}

/// The run in a sentence.
fn verdict(run: &Run) -> String {
    let count =
        |matches: fn(&End) -> bool| run.steps.iter().filter(|step| matches(&step.end)).count();
    let changed = count(|end| matches!(end, End::Changed(_)));
    let parts = [
        (count(|end| matches!(end, End::Failed { .. })), "failed"),
        (
            count(|end| matches!(end, End::Interrupted(_))),
            "interrupted",
        ),
        (
            count(|end| matches!(end, End::Lost)),
            "without an end that was told",
        ),
        (count(|end| matches!(end, End::Skipped(_))), "skipped"),
    ];
    let bad: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let steps = run.steps.len();
    match (bad.is_empty(), changed) {
        (true, 0) => format!("all {steps} steps found everything as it should be"),
        (true, changed) => {
            format!("all {steps} steps are done, {changed} of them changed something")
        }
        (false, _) => format!("of {steps} steps {}", bad.join(", ")),
    }
}
