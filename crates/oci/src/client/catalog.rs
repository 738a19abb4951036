//! The repositories of a registry: `/v2/_catalog`, which the OCI specification leaves out and many registries do not offer.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::request::{Access, Call};
use super::{Client, SentCredential};
use crate::error::RefusedBy;
use crate::{Error, ImageReference};

/// What a registry says about its repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Repositories {
    /// The names, in the registry's order: those that the credential may see.
    Listed {
        /// Names within the registry.
        names: Vec<String>,
    },
    /// The registry has no such list, or not for this credential. That says nothing about whether it has repositories.
    NotOffered {
        /// The status that it answered: 401, 403, 404, 405 or 501.
        status: u16,
        /// What it said.
        said: String,
    },
}

/// What a registry without the list answers.
const ABSENT: [StatusCode; 3] = [
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::NOT_IMPLEMENTED,
];

#[derive(Deserialize)]
struct Page {
    repositories: Option<Vec<String>>,
}

impl Client {
    /// The repositories of `registry` (`HOST[:PORT]`), all pages of them.
    ///
    /// # Errors
    /// `registry` is no host, the credential is wrong, and what a request can end with.
    pub async fn repositories(&self, registry: &str) -> Result<Repositories, Error> {
        // Credentials are looked up by repository; this one stands for the registry, and is in no request and no text.
        let place: ImageReference = format!("{registry}/repositories").parse()?;
        let action = format!("list the repositories of {registry}");
        let call = Call::new(Access::Catalog, &place, action);
        let mut names = Vec::new();
        let mut next = Some(self.registry_url(&call, "_catalog")?);
        while let Some(url) = next {
            match self.page_unless::<Page>(&call, &url, &ABSENT).await {
                Ok(Ok((page, following))) => {
                    names.extend(page.repositories.unwrap_or_default());
                    next = following;
                }
                Ok(Err(absent)) => {
                    return Ok(Repositories::NotOffered {
                        status: absent.status.as_u16(),
                        said: absent.said,
                    });
                }
                Err(error) => return not_offered_to_this_login(error),
            }
        }
        Ok(Repositories::Listed { names })
    }
}

/// A credential that was taken and does not suffice, or none at all, is no error: many registries keep the list to themselves.
fn not_offered_to_this_login(error: Error) -> Result<Repositories, Error> {
    match error {
        Error::Unauthorized {
            said,
            sent,
            refused_by,
            ..
        } if sent == SentCredential::Nothing || refused_by == RefusedBy::RegistryDespiteToken => {
            Ok(Repositories::NotOffered { status: 401, said })
        }
        Error::Forbidden { detail, .. } => Ok(Repositories::NotOffered {
            status: 403,
            said: detail,
        }),
        other => Err(other),
    }
}
