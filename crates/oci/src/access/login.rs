//! From the registry's name to a credential that it takes.

use reqwest::StatusCode;
use secrecy::SecretString;

use super::classify::{obstacle, said_by_registry, step_of};
use super::granted::{granted_actions, grants};
use super::question::BaseAnswer;
use super::walk::Walk;
use super::{Obstacle, Outcome, Step};
use crate::client::Challenge;
use crate::error::RefusedBy;
use crate::{Error, SentCredential, printable};

impl Walk<'_> {
    pub(super) async fn reach_registry(&mut self) -> Result<BaseAnswer, Obstacle> {
        let asked = self.client.ask_base(&self.call).await;
        let address = self.client.address(&self.call.repository).to_owned();
        let url = self.client.registry_url(&self.call, "").map_err(obstacle)?;
        let (resolved, connected) = match self.client.proxy(&url) {
            None => (address.clone(), "accepted".to_owned()),
            Some(proxy) => (
                format!("left to the proxy {proxy}"),
                format!("made by the proxy {proxy}"),
            ),
        };
        let way = [
            (Step::Address, resolved),
            (Step::Connection, connected),
            (
                Step::Tls,
                "the certificate is trusted and carries the name".to_owned(),
            ),
        ];
        let ends_at = asked.as_ref().err().and_then(step_of);
        for (step, detail) in way {
            if Some(step) == ends_at {
                break;
            }
            self.note(step, Outcome::Passed, detail);
        }
        match asked {
            Ok(answer) => {
                let detail = format!(
                    "{address} answers as a registry does ({})",
                    answer.status.as_u16()
                );
                self.note(Step::Registry, Outcome::Passed, detail);
                Ok(answer)
            }
            Err(found) => Err(self.fail(ends_at.unwrap_or(Step::Registry), found)),
        }
    }

    pub(super) async fn log_in(&mut self, answer: BaseAnswer) -> Result<(), Obstacle> {
        match (answer.status, &answer.challenge, &self.sent) {
            (StatusCode::FORBIDDEN, ..) => {
                let found = self.denied(self.first_right(), answer.said);
                return Err(self.fail(Step::Login, found));
            }
            (StatusCode::OK, ..) => {
                let detail = match self.is_of_login() {
                    true => "the registry asks nobody for a login before it knows the repository",
                    false => "the registry itself is open; its repositories may ask for a login",
                };
                self.note(Step::Login, Outcome::Skipped, detail.to_owned());
                return Ok(());
            }
            (_, Some(_), SentCredential::Nothing) if self.is_of_login() => {
                let found = Obstacle::LoginNeeded {
                    repository: self.call.place(),
                    said: said_by_registry(&answer.said),
                };
                return Err(self.fail(Step::Login, found));
            }
            (_, Some(Challenge::Basic), SentCredential::Nothing) => {
                let detail = "the registry takes user name and password, and none is known";
                self.note(Step::Login, Outcome::Skipped, detail.to_owned());
                return Ok(());
            }
            (_, None, _) => {
                let found = Obstacle::AgainstSpecification {
                    address: self.client.address(&self.call.repository).to_owned(),
                    detail: "it asks for a login (401) without a Basic or Bearer challenge"
                        .to_owned(),
                };
                return Err(self.fail(Step::Login, found));
            }
            _ => {}
        }
        let by_token = matches!(answer.challenge, Some(Challenge::Bearer { .. }));
        let answered = {
            let (client, call) = (self.client, &self.call);
            let (challenge, said) = (&answer.challenge, &answer.said);
            client
                .retrying(|| client.answer(call, challenge.clone(), said.clone()))
                .await
        };
        match answered {
            Ok(()) => {}
            // Some token servers refuse to grant nothing, where others issue an empty token.
            Err(Error::Forbidden { detail, .. }) => {
                let found = self.denied(self.first_right(), detail);
                return Err(self.fail(Step::Login, found));
            }
            Err(error) => return Err(self.fail(Step::Login, obstacle(error))),
        }
        let checked_by_token_server = by_token && self.sent != SentCredential::RegistryToken;
        if !checked_by_token_server {
            self.repeat_with_credential().await?;
        }
        self.logged_in = self.sent != SentCredential::Nothing;
        let detail = match (&self.sent, checked_by_token_server) {
            (SentCredential::Nothing, _) => "a token for everyone was issued".to_owned(),
            (sent, true) => format!("the token server took {sent}"),
            (sent, false) => format!("the registry took {sent}"),
        };
        self.note(Step::Login, Outcome::Passed, detail);
        if !self.is_of_login() {
            self.read_scopes();
        }
        Ok(())
    }

    /// Nobody but the registry itself judges this credential: it is asked again, with it.
    async fn repeat_with_credential(&mut self) -> Result<(), Obstacle> {
        let again = self.client.ask_base(&self.call).await;
        let refused = match again {
            Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                obstacle(Error::Unauthorized {
                    action: self.call.action.clone(),
                    place: self.call.place(),
                    said: answer.said,
                    sent: self.sent.clone(),
                    refused_by: RefusedBy::Registry,
                })
            }
            Ok(_) => return Ok(()),
            Err(found) => found,
        };
        Err(self.fail(Step::Login, refused))
    }

    /// Registries such as Quay and Docker Hub grant less than was asked for, instead of refusing.
    fn read_scopes(&mut self) {
        let Some(authorization) = self.client.known_authorization(&self.call) else {
            return;
        };
        let token = authorization
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = token.map(SecretString::from) else {
            return;
        };
        self.granted = granted_actions(&token, self.call.repository.repository());
        let asked = self.asked();
        match &self.granted {
            None => {
                let detail = "only the registry can read the token".to_owned();
                self.note(Step::Scopes, Outcome::Skipped, detail);
            }
            Some(granted) => {
                let missing = asked.split(',').any(|asked| !grants(granted, asked));
                let granted = match granted.is_empty() {
                    true => "nothing".to_owned(),
                    false => printable(&granted.join(",")),
                };
                let (outcome, detail) = match missing {
                    true => (
                        Outcome::Warning,
                        format!("{asked} was asked for, the token says that it grants {granted}"),
                    ),
                    false => (
                        Outcome::Passed,
                        format!("the token says that it grants {granted}"),
                    ),
                };
                self.note(Step::Scopes, outcome, detail);
            }
        }
    }
}
