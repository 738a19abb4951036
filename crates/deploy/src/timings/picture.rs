//! The picture: a bar for each step over the time of the run, as SVG. The table beside it says the same in words.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use super::run::{End, Run, StepTime, between};

/// Units of the picture; it is scaled to the width of the page.
const WIDTH: f64 = 1000.0;
const LABELS: f64 = 250.0;
/// Room right of the last bar for its duration.
const MARGIN: f64 = 80.0;
const ROW: f64 = 28.0;
const BAR: f64 = 16.0;
const AXIS: f64 = 30.0;
/// A bar that is shorter than this would not be seen.
const SHORTEST: f64 = 2.0;
const MOST_TICKS: f64 = 8.0;

/// Draws the run; the steps of `critical` are marked.
pub(super) fn draw(run: &Run, critical: &BTreeSet<usize>) -> Markup {
    let scale = Scale::of(run);
    let height = AXIS + ROW * usize_to_f64(run.steps.len()) + 6.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby="picture-title picture-text" {
            title id="picture-title" { "Steps over time" }
            desc id="picture-text" { "One bar for each step, from when it began to when it ended. The table below says the same in words." }
            defs {
                pattern id="waiting" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect class="wait-ground" width="6" height="6" {}
                    line class="wait-line" x1="0" y1="0" x2="0" y2="6" {}
                }
            }
            @for tick in scale.ticks() {
                @let x = scale.place(tick);
                line class="tick" x1=(at(x)) x2=(at(x)) y1=(AXIS - 6.0) y2=(at(height)) {}
                text class="tick-label" x=(at(x)) y=(AXIS - 12.0) text-anchor="middle" { (seconds(tick)) }
            }
            @for (place, step) in run.steps.iter().enumerate() {
                (row(step, AXIS + ROW * usize_to_f64(place), critical.contains(&place), &scale))
            }
        }
    }
}

fn row(step: &StepTime, top: f64, critical: bool, scale: &Scale) -> Markup {
    let middle = top + ROW / 2.0;
    let bar = top + (ROW - BAR) / 2.0;
    let text = middle + 4.0;
    let class = if critical { "label critical" } else { "label" };
    html! {
        g {
            text class=(class) x=(LABELS - 12.0) y=(at(text)) text-anchor="end" {
                @if critical { "◆ " }
                (step.name)
            }
            @if let (Some(began), Some(ended)) = (step.began, step.ended) {
                @let left = scale.at(began);
                @let width = (scale.at(ended) - left).max(SHORTEST);
                rect class=(bar_class(&step.end)) x=(at(left)) y=(at(bar)) width=(at(width)) height=(BAR) rx="2" {
                    title { (step.name) ": " (word(&step.end)) ", " (seconds(between(began, ended))) }
                }
                @for wait in &step.waits {
                    @let from = scale.at(wait.from);
                    rect class="wait" x=(at(from)) y=(at(bar)) width=(at((scale.at(wait.until) - from).max(0.0))) height=(BAR) {
                        title { "waited for " (wait.on) ", " (seconds(between(wait.from, wait.until))) }
                    }
                }
                @if critical {
                    rect class="critical-frame" x=(at(left - 1.5)) y=(at(bar - 1.5)) width=(at(width + 3.0)) height=(BAR + 3.0) rx="3" {}
                }
                @for retry in &step.retries {
                    @let x = scale.at(retry.at);
                    path class="retry" d=(format!("M {} {} l 6 -11 l -12 0 z", at(x), at(bar + 5.0))) {
                        title { "tried again: " (retry.because) }
                    }
                }
                text class="duration" x=(at(left + width + 7.0)) y=(at(text)) {
                    (seconds(between(began, ended)))
                    @if !ended_well(&step.end) { " " (word(&step.end)) }
                }
            } @else {
                text class="duration" x=(LABELS + 7.0) y=(at(text)) { (word(&step.end)) }
            }
        }
    }
}

/// A word for how a step ended; nothing depends on colour.
pub(super) fn word(end: &End) -> &'static str {
    match end {
        End::Changed(_) => "done",
        End::Unchanged => "unchanged",
        End::Failed { .. } => "failed",
        End::Interrupted(_) => "interrupted",
        End::Skipped(_) => "skipped",
        End::Lost => "no end was told",
    }
}

/// A duration for people: milliseconds where seconds would hide it.
pub(super) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

fn ended_well(end: &End) -> bool {
    matches!(end, End::Changed(_) | End::Unchanged)
}

fn bar_class(end: &End) -> &'static str {
    match end {
        End::Changed(_) => "bar changed",
        End::Unchanged => "bar unchanged",
        _ => "bar failed",
    }
}

/// From times to places.
struct Scale {
    began: Timestamp,
    whole: Duration,
}

impl Scale {
    fn of(run: &Run) -> Self {
        Self {
            began: run.began,
            // Of a run in which nothing took any time, everything lies at its beginning.
            whole: run.took().max(Duration::from_millis(1)),
        }
    }

    fn at(&self, moment: Timestamp) -> f64 {
        self.place(between(self.began, moment))
    }

    fn place(&self, after: Duration) -> f64 {
        let share = after.as_secs_f64() / self.whole.as_secs_f64();
        LABELS + share * (WIDTH - LABELS - MARGIN)
    }

    /// Round times: 1, 2 or 5 of a power of ten milliseconds, so many that the labels have room.
    fn ticks(&self) -> Vec<Duration> {
        let fits = |step: &u64| self.whole.as_secs_f64() * 1000.0 <= u64_to_f64(*step) * MOST_TICKS;
        let steps = (0..12).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
        let step = steps.into_iter().find(fits).unwrap_or(u64::MAX);
        (0..)
            .map_while(|count: u64| step.checked_mul(count).map(Duration::from_millis))
            .take_while(|tick| *tick <= self.whole)
            .collect()
    }
}

/// A place with the digits that can be seen.
fn at(place: f64) -> String {
    format!("{place:.1}")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a plan of 2^52 steps is not drawn"
)]
fn usize_to_f64(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks need no more than 52 bits"
)]
fn u64_to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_a_few_round_ticks_whatever_the_length_of_the_run() {
        for (whole, ticks) in [(1, 2), (7, 8), (950, 5), (61_000, 7), (3_600_000, 8)] {
            let scale = Scale {
                began: Timestamp::UNIX_EPOCH,
                whole: Duration::from_millis(whole),
            };
            assert_eq!(
                scale.ticks().len(),
                ticks,
                "{whole} ms: {:?}",
                scale.ticks()
            );
        }
    }

    #[test]
    fn a_bar_begins_and_ends_within_the_picture() {
        let scale = Scale {
            began: Timestamp::UNIX_EPOCH,
            whole: Duration::from_secs(10),
        };
        assert!((scale.place(Duration::ZERO) - LABELS).abs() < f64::EPSILON);
        assert!(scale.place(Duration::from_secs(10)) <= WIDTH - MARGIN);
    }
}
