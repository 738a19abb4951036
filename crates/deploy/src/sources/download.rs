//! Fetching a file over HTTPS, hashed while it streams to disk.

mod client;
mod problem;

pub use client::{DownloadOptions, ProxyChoice};
pub use problem::{DownloadError, Problem};

use std::io::Write;

use oci::{Algorithm, Digest, Hasher};
use reqwest::{Client, Response};
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use url::Url;

use super::Cache;
use super::SourceError;
use super::cache::file;

/// What is fetched, and with which login.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) login: Option<&'a (String, SecretString)>,
    pub(super) algorithm: Algorithm,
}

/// Fetches into the cache's folder; the content is nobody's until it is kept. What may pass is tried again, and told.
pub(super) async fn fetch(
    request: &Request<'_>,
    options: &DownloadOptions,
    cache: &Cache,
    retrying: &(dyn Fn(&str) + Sync),
) -> Result<(NamedTempFile, Digest), SourceError> {
    let failed = |problem: Problem| DownloadError {
        url: request.url.to_string(),
        problem,
    };
    let client = options.client().map_err(&failed)?;
    let mut delay = options.first_delay;
    let mut attempt = 1;
    loop {
        let mut into = cache.begin()?;
        let problem = match attempt_once(&client, request, options, &mut into).await {
            Ok(digest) => return Ok((into, digest)),
            Err(Stopped::Problem(problem)) => problem,
            Err(Stopped::Disk(error)) => return Err(file("write", into.path(), error)),
        };
        if attempt >= options.attempts || !problem.may_pass() {
            return Err(failed(problem).into());
        }
        retrying(&failed(problem).to_string());
        tokio::time::sleep(delay).await;
        delay *= 2;
        attempt += 1;
    }
}

enum Stopped {
    Problem(Problem),
    Disk(std::io::Error),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

async fn attempt_once(
    client: &Client,
    request: &Request<'_>,
    options: &DownloadOptions,
    into: &mut NamedTempFile,
) -> Result<Digest, Stopped> {
    let mut get = client.get(request.url.clone());
    if let Some((user, password)) = request.login {
        get = get.basic_auth(user, Some(password.expose_secret()));
    }
    let response = get
        .send()
        .await
        .map_err(|error| Problem::of(error, options, None))?;
    if !response.status().is_success() {
        return Err(Problem::Answer {
            status: response.status().as_u16(),
            by: redirected_to(&response, request.url),
        }
        .into());
    }
    read(response, request.algorithm, options, into).await
}

async fn read(
    mut response: Response,
    algorithm: Algorithm,
    options: &DownloadOptions,
    into: &mut NamedTempFile,
) -> Result<Digest, Stopped> {
    let too_large = || Problem::TooLarge {
        limit: options.largest,
    };
    if response
        .content_length()
        .is_some_and(|length| length > options.largest)
    {
        return Err(too_large().into());
    }
    let mut hasher = Hasher::new(algorithm);
    let mut received = 0_u64;
    loop {
        let piece = response
            .chunk()
            .await
            .map_err(|error| Problem::of(error, options, Some(received)))?;
        let Some(piece) = piece else { break };
        received = received.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if received > options.largest {
            return Err(too_large().into());
        }
        hasher.update(&piece);
        into.write_all(&piece).map_err(Stopped::Disk)?;
    }
    Ok(hasher.finish())
}

/// The host that answered, if it is another than the one that was asked. The rest of the address may hold a token.
fn redirected_to(response: &Response, asked: &Url) -> Option<String> {
    let host = response.url().host_str()?;
    (asked.host_str() != Some(host) || asked.port() != response.url().port())
        .then(|| host.to_owned())
}
