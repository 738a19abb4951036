//! `GET /v2/`: is there a registry, and how does it want to be logged in to?

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response, StatusCode};

use super::Obstacle;
use super::classify::obstacle;
use crate::client::{
    Call, Challenge, NO_EXPLANATION, challenges, choose, error_body, registry_words,
};
use crate::{Client, Error, printable};

/// On every answer of a registry that keeps to the Docker registry protocol; the OCI specification leaves it out.
const API_VERSION: &str = "docker-distribution-api-version";
/// Longest title of a page that is repeated, in characters.
const LONGEST_TITLE: usize = 80;

/// The answer of a registry to `GET /v2/`.
pub(super) struct BaseAnswer {
    /// 200, 401 or 403.
    pub(super) status: StatusCode,
    /// With 401.
    pub(super) challenge: Option<Challenge>,
    /// Its words, where it had any.
    pub(super) said: String,
}

impl Client {
    /// Asks with the authorization that is known for `call`, if any.
    pub(super) async fn ask_base(&self, call: &Call) -> Result<BaseAnswer, Obstacle> {
        let url = self.registry_url(call, "").map_err(obstacle)?;
        let asked = self.retrying(|| async {
            let request = self.http(&url).request(Method::GET, url.clone());
            let response = self.send_authorized(call, &url, request).await?;
            match response.status() {
                status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                    Err(self.unexpected(call, response).await)
                }
                _ => Ok::<Response, Error>(response),
            }
        });
        let response = asked.await.map_err(obstacle)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let challenge = choose(challenges(&response));
        let body = error_body(response).await;
        let words = registry_words(&body);
        let is_registry = match status {
            StatusCode::OK => headers.contains_key(API_VERSION) || !is_page(&headers),
            StatusCode::UNAUTHORIZED => {
                challenge.is_some() || headers.contains_key(API_VERSION) || words.is_some()
            }
            StatusCode::FORBIDDEN => words.is_some(),
            _ => false,
        };
        match is_registry {
            true => Ok(BaseAnswer {
                status,
                challenge,
                said: words.unwrap_or_else(|| NO_EXPLANATION.to_owned()),
            }),
            false => Err(Obstacle::NotARegistry {
                address: self.address(&call.repository).to_owned(),
                status: status.as_u16(),
                shows: looks_like(&headers, &body),
            }),
        }
    }
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

fn is_page(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|found| found.eq_ignore_ascii_case("text/html"))
}

/// What a person would recognise the answer by.
fn looks_like(headers: &HeaderMap, body: &[u8]) -> String {
    let kind = media_type(headers).unwrap_or("without a media type");
    match title(&String::from_utf8_lossy(body)) {
        Some(title) => format!("{kind}, the page `{}`", printable(&title)),
        None => kind.to_owned(),
    }
}

fn title(page: &str) -> Option<String> {
    // ASCII alone changes its case here, so that positions stay what they are.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    let words: Vec<&str> = page[start..end].split_whitespace().collect();
    let title: String = words.join(" ").chars().take(LONGEST_TITLE).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn the_title_of_a_page_is_found_and_shortened() {
        let page = "<!doctype html><HTML><Title>\n Sign in\n  please </TITLE>";
        assert_eq!(title(page).as_deref(), Some("Sign in please"));
        assert_eq!(
            title(&format!("<title>{}</title>", "ä".repeat(500)))
                .unwrap()
                .chars()
                .count(),
            80
        );
        for page in ["", "<title>", "<title></title>", "{}"] {
            assert_eq!(title(page), None, "{page}");
        }
    }
}
