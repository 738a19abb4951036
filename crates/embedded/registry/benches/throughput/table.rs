//! The result, as a Markdown table.

use std::io::Write as _;

struct Row {
    name: String,
    unit: String,
    values: Vec<f64>,
}

pub struct Table {
    names: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    pub fn new(subject: &str, peer: Option<&str>) -> Self {
        Self {
            names: std::iter::once(subject)
                .chain(peer)
                .map(str::to_owned)
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a value for the first server that has none in this row.
    pub fn add(&mut self, name: &str, unit: &str, value: f64) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.rows.push(Row {
                name: name.to_owned(),
                unit: unit.to_owned(),
                values: vec![value],
            }),
        }
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
            let mut values: Vec<_> = row
                .values
                .iter()
                .map(|value| format!("{value:.1}"))
                .collect();
            values.resize(self.names.len(), "–".to_owned());
            let ratio = match row.values[..] {
                [subject, peer] if row.unit.contains("less") => format!("{:.2}", peer / subject),
                [subject, peer] => format!("{:.2}", subject / peer),
                _ => "–".to_owned(),
            };
            writeln!(
                output,
                "| {} | {} | {} | {ratio} |",
                row.name,
                row.unit,
                values.join(" | ")
            )?;
        }
        writeln!(
            output,
            "\nA ratio above 1 means that the first column is better."
        )
    }
}
