//! The result, as a Markdown table.

use std::io::Write as _;

/// One measure: its samples by column.
struct Row {
    name: String,
    unit: String,
    samples: Vec<Vec<f64>>,
}

/// Columns are registries, the first of them the one in question; the others are its peers.
pub struct Table {
    names: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    pub fn new(names: Vec<String>) -> Self {
        Self {
            names,
            rows: Vec::new(),
        }
    }

    /// Adds a sample.
    pub fn add(&mut self, name: &str, unit: &str, column: usize, value: f64) {
        let position = self.rows.iter().position(|row| row.name == name);
        let position = position.unwrap_or_else(|| {
            self.rows.push(Row {
                name: name.to_owned(),
                unit: unit.to_owned(),
                samples: vec![Vec::new(); self.names.len()],
            });
            self.rows.len() - 1
        });
        self.rows[position].samples[column].push(value);
    }

    pub fn print(&self) -> std::io::Result<()> {
        let mut output = std::io::stdout().lock();
        writeln!(
            output,
            "| measure | unit | {} | ratio |",
            self.names.join(" | ")
        )?;
        writeln!(output, "|---|---|{}---:|", "---:|".repeat(self.names.len()))?;
        for row in &self.rows {
            let medians: Vec<_> = row
                .samples
                .iter()
                .map(|samples| median(samples.clone()))
                .collect();
            let text = |value: Option<f64>, digits| {
                value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
            };
            let values: Vec<_> = medians.iter().map(|&value| text(value, 1)).collect();
            writeln!(
                output,
                "| {} | {} | {} | {} |",
                row.name,
                row.unit,
                values.join(" | "),
                text(ratio(&medians, row.unit.contains("less")), 2)
            )?;
        }
        writeln!(
            output,
            "\nA ratio above 1 means that the first column is better than the best of the others."
        )
    }
}

fn median(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

/// How much better the first value is than the best of the others.
fn ratio(medians: &[Option<f64>], less_is_better: bool) -> Option<f64> {
    let (subject, peers) = medians.split_first()?;
    let peers = peers.iter().flatten().copied();
    if less_is_better {
        Some(peers.reduce(f64::min)? / (*subject)?)
    } else {
        Some((*subject)? / peers.reduce(f64::max)?)
    }
}
