//! What the body of an error says.

use reqwest::Response;
use serde::Deserialize;

use crate::printable;

/// Longest error body that is read, in bytes.
const LONGEST_ERROR_BODY: usize = 8 * 1024;
/// Stands for the words of who says nothing.
pub(crate) const NO_EXPLANATION: &str = "no explanation";

/// What an error's body says, in one line.
pub(crate) async fn detail(response: Response) -> String {
    explanation(&error_body(response).await)
}

/// The first part of an error's body.
pub(crate) async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ERROR_BODY {
            body.truncate(LONGEST_ERROR_BODY);
            break;
        }
    }
    body
}

/// The registry's words in an error's body (distribution specification, "Error Codes"); `None` when no registry wrote it.
pub(crate) fn registry_words(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        code: String,
        #[serde(default)]
        message: String,
    }
    let errors: Errors = serde_json::from_slice(body).ok()?;
    let texts: Vec<String> = errors
        .errors
        .iter()
        .map(|problem| match problem.message.is_empty() {
            true => problem.code.clone(),
            false => format!("{}: {}", problem.code, problem.message),
        })
        .collect();
    Some(printable(&texts.join("; ")))
}

fn explanation(body: &[u8]) -> String {
    if let Some(words) = registry_words(body).filter(|words| !words.is_empty()) {
        return words;
    }
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default().trim();
    match line.is_empty() {
        true => NO_EXPLANATION.to_owned(),
        false => printable(&line.chars().take(200).collect::<String>()),
    }
}
