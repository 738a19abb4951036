//! Finding out by doing: a read, and an upload that is cancelled.

use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::classify::obstacle;
use super::walk::Walk;
use super::{Obstacle, Outcome, Right, Step};
use crate::Error;
use crate::client::{Call, detail};

/// A request about the repository, with its answer.
struct Asked {
    response: Response,
    call: Call,
    url: Url,
}

impl Walk<'_> {
    pub(super) async fn pull(&mut self) -> Result<(), Obstacle> {
        let asked = self
            .ask(Method::GET, "tags/list?n=1", "list the tags of")
            .await;
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => return Err(self.refuse(Step::Pull, Right::Pull, error)),
        };
        match asked.response.status() {
            StatusCode::OK => {
                self.repository_exists = Some(true);
                let detail = "the tags can be listed".to_owned();
                self.note(Step::Pull, Outcome::Passed, detail);
            }
            StatusCode::NOT_FOUND => {
                self.repository_exists = Some(false);
                let detail = "reading is allowed; the repository does not exist yet";
                self.note(Step::Pull, Outcome::Passed, detail.to_owned());
            }
            StatusCode::METHOD_NOT_ALLOWED => self.look_for_a_manifest(asked).await?,
            _ => {
                let error = self.client.unexpected(&asked.call, asked.response).await;
                return Err(self.fail(Step::Pull, obstacle(error)));
            }
        }
        self.proven.pull = true;
        Ok(())
    }

    /// The second try, at a registry that lists no tags: whether a manifest is there, or missing, is told to readers alone.
    async fn look_for_a_manifest(&mut self, refused: Asked) -> Result<(), Obstacle> {
        let tag = self.tag.clone();
        let rest = format!("manifests/{tag}");
        let action = format!("look for the tag {tag} in");
        let asked = match self.ask(Method::HEAD, &rest, &action).await {
            Ok(asked) => asked,
            Err(error) => return Err(self.refuse(Step::Pull, Right::Pull, error)),
        };
        let found = match asked.response.status() {
            StatusCode::OK => {
                self.repository_exists = Some(true);
                "is there"
            }
            // Of the tag alone: a HEAD has no words that could tell a missing repository.
            StatusCode::NOT_FOUND => "is not there, which only readers are told",
            _ => {
                let error = self.client.unexpected(&refused.call, refused.response);
                let error = error.await;
                return Err(self.fail(Step::Pull, obstacle(error)));
            }
        };
        let detail = format!("the registry lists no tags (405); the tag {tag} {found}");
        self.note(Step::Pull, Outcome::Passed, detail);
        Ok(())
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
