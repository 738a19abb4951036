//! Finding out by doing: a read, and an upload that is cancelled.

use reqwest::header::{ACCEPT, CONTENT_LENGTH};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::classify::{obstacle, said_by_registry};
use super::granted::grants;
use super::walk::Walk;
use super::{Obstacle, Outcome, Right, Step};
use crate::Error;
use crate::client::{Call, NO_EXPLANATION, detail};
use crate::media_type::ACCEPTED_MANIFESTS;

/// A request about the repository, with its answer.
struct Asked {
    response: Response,
    call: Call,
    url: Url,
}

/// Codes of a 404 that say: you may look, and there is nothing (distribution specification, "Error Codes"; the last is Harbor's).
const NOTHING_THERE: [&str; 3] = [MANIFEST_UNKNOWN, NAME_UNKNOWN, "NOT_FOUND"];
const MANIFEST_UNKNOWN: &str = "MANIFEST_UNKNOWN";
pub(super) const NAME_UNKNOWN: &str = "NAME_UNKNOWN";

impl Walk<'_> {
    /// Asks for a manifest, as every pull does. Listing tags is another right at some registries, and proves nothing.
    pub(super) async fn pull(&mut self) -> Result<(), Obstacle> {
        let tag = self.tag.clone();
        let rest = format!("manifests/{tag}");
        let action = format!("look for the tag {tag} in");
        // It counts as no pull where pulls are counted.
        let looked = self.ask(Method::HEAD, &rest, &action).await;
        if looked.is_ok_and(|asked| asked.response.status() == StatusCode::OK) {
            return self.may_pull(Some(true), format!("the tag {tag} can be read"));
        }
        // The answer to a HEAD has no words.
        let asked = match self.ask(Method::GET, &rest, &action).await {
            Ok(asked) => asked,
            Err(error) => return Err(self.refuse(Step::Pull, Right::Pull, error)),
        };
        match asked.response.status() {
            StatusCode::OK => self.may_pull(Some(true), format!("the tag {tag} can be read")),
            StatusCode::NOT_FOUND => {
                let error = self.client.unexpected(&asked.call, asked.response).await;
                self.nothing_there(error).await
            }
            _ => {
                let error = self.client.unexpected(&asked.call, asked.response).await;
                Err(self.fail(Step::Pull, obstacle(error)))
            }
        }
    }

    fn may_pull(&mut self, exists: Option<bool>, seen: String) -> Result<(), Obstacle> {
        self.repository_exists = exists;
        self.proven.pull = true;
        self.note(Step::Pull, Outcome::Passed, seen);
        Ok(())
    }

    /// A registry tells readers alone that nothing is there; some say so to whom they hide a repository from, too.
    async fn nothing_there(&mut self, not_found: Error) -> Result<(), Obstacle> {
        let Error::Status { detail: said, .. } = &not_found else {
            return Err(self.fail(Step::Pull, obstacle(not_found)));
        };
        let is_code = |code: &&str| said.starts_with(*code);
        if said != NO_EXPLANATION && !NOTHING_THERE.iter().any(is_code) {
            return Err(self.fail(Step::Pull, obstacle(not_found)));
        }
        if let Some(granted) = &self.granted
            && !grants(granted, Right::Pull.name())
        {
            let found = Obstacle::Hidden {
                repository: self.call.repository.name(),
                sent: self.sent.clone(),
                granted: granted.clone(),
                said: said_by_registry(said),
            };
            return Err(self.fail(Step::Pull, found));
        }
        let exists = match is_code(&NAME_UNKNOWN) {
            true => Some(false),
            // The code is for a missing tag; many registries use it for a missing repository, too.
            false => self.is_listed().await,
        };
        let tag = &self.tag;
        let seen = match exists {
            Some(false) => "reading is allowed; the repository does not exist yet".to_owned(),
            _ => format!("reading is allowed; the tag {tag} is not there"),
        };
        self.may_pull(exists, seen)
    }

    /// Whether the repository has a list of tags; `None` when that is not told.
    async fn is_listed(&self) -> Option<bool> {
        let asked = self.ask(Method::GET, "tags/list?n=1", "list the tags of");
        match asked.await.ok()?.response.status() {
            StatusCode::OK => Some(true),
            StatusCode::NOT_FOUND => Some(false),
            _ => None,
        }
    }

    pub(super) async fn push(&mut self) -> Result<(), Obstacle> {
        let asked = self
            .ask(Method::POST, "blobs/uploads/", "start an upload to")
            .await;
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => return Err(self.refuse(Step::Push, Right::Push, error)),
        };
        match asked.response.status() {
            StatusCode::ACCEPTED => {}
            StatusCode::NOT_FOUND => {
                let said = detail(asked.response).await;
                let found = self.must_exist(said);
                return Err(self.fail(Step::Push, found));
            }
            _ => {
                let error = self.client.unexpected(&asked.call, asked.response).await;
                return Err(self.fail(Step::Push, obstacle(error)));
            }
        }
        self.proven.push = true;
        self.note(
            Step::Push,
            Outcome::Passed,
            "an upload was started".to_owned(),
        );
        let left = match self
            .client
            .location(&asked.call, &asked.url, &asked.response)
        {
            Ok(location) => self.cancel(&location).await,
            Err(error) => Some(error.to_string()),
        };
        match left {
            None => self.note(
                Step::Cancel,
                Outcome::Passed,
                "the upload was cancelled; nothing is left behind".to_owned(),
            ),
            Some(reason) => self.note(
                Step::Cancel,
                Outcome::Warning,
                format!("an empty upload is left until the registry drops it by itself: {reason}"),
            ),
        }
        Ok(())
    }

    /// Cancels the upload; the reason when it stays.
    async fn cancel(&self, location: &Url) -> Option<String> {
        let request = |request: RequestBuilder| request;
        match self
            .client
            .send(&self.call, Method::DELETE, location, request)
            .await
        {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!(
                "the registry does not cancel uploads ({})",
                response.status().as_u16()
            )),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Sends a request about the repository until it is answered; gives up on 5xx and 429 when trying again does not help.
    async fn ask(&self, method: Method, rest: &str, action: &str) -> Result<Asked, Error> {
        let name = self.call.repository.name();
        let call = Call::new(
            self.call.access,
            &self.call.repository,
            format!("{action} {name}"),
        );
        let url = self.client.url(&call, rest)?;
        let (client, is_post) = (self.client, method == Method::POST);
        let response = client
            .retrying(|| async {
                let build = |request: RequestBuilder| match is_post {
                    true => request.header(CONTENT_LENGTH, 0),
                    // Registries say of a manifest of another type that it is not there.
                    false if rest.starts_with("manifests/") => {
                        request.header(ACCEPT, ACCEPTED_MANIFESTS.join(", "))
                    }
                    false => request,
                };
                let response = client.send(&call, method.clone(), &url, build).await?;
                match response.status() {
                    status
                        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS =>
                    {
                        Err(client.unexpected(&call, response).await)
                    }
                    _ => Ok(response),
                }
            })
            .await?;
        Ok(Asked {
            response,
            call,
            url,
        })
    }
}
