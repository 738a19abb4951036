//! Lists: tags and referrers, page by page.

use reqwest::header::{ACCEPT, LINK};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::error_body::detail;
use super::request::{Access, Call};
use crate::media_type::OCI_INDEX;
use crate::{
    ContentError, Descriptor, Digest, Error, ImageReference, Index, Manifest, ManifestContent,
};

impl Client {
    /// All tags of a repository, in the registry's order; empty when the registry knows no such repository.
    ///
    /// # Errors
    /// What a request can end with.
    pub async fn tags(&self, repository: &ImageReference) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let name = repository.name();
        let call = Call::new(Access::Pull, repository, format!("list the tags of {name}"));
        let mut tags = Vec::new();
        let mut next = Some(self.url(&call, "tags/list")?);
        while let Some(url) = next {
            let Some((page, following)) = self.page::<Page>(&call, &url).await? else {
                break;
            };
            tags.extend(page.tags.unwrap_or_default());
            next = following;
        }
        Ok(tags)
    }

    /// What refers to a manifest (signatures, attestations, reports): the referrers API, or, where the registry has none, the
    /// fallback tag `<algorithm>-<hex>`.
    ///
    /// # Errors
    /// What a request can end with.
    pub async fn referrers(
        &self,
        repository: &ImageReference,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let action = format!("list the referrers of {}@{subject}", repository.name());
        let call = Call::new(Access::Pull, repository, action);
        let mut referrers = Vec::new();
        let mut next = Some(self.url(&call, &format!("referrers/{subject}"))?);
        while let Some(url) = next {
            let Some((page, following)) = self.page::<Index>(&call, &url).await? else {
                return self.fallback_referrers(repository, subject).await;
            };
            referrers.extend(page.manifests);
            next = following;
        }
        Ok(referrers)
    }

    async fn fallback_referrers(
        &self,
        repository: &ImageReference,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let tag = repository.with_tag(&fallback_tag(subject))?;
        match self.manifest(&tag).await {
            Ok(manifest) => match manifest.content {
                ManifestContent::Index(index) => Ok(index.manifests),
                // cosign puts a copy of the image under this name; it lists nobody.
                ManifestContent::Image(_) => Ok(Vec::new()),
            },
            Err(Error::Content(ContentError::MissingManifest { .. })) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds `referrer` to the fallback tag of `subject`.
    pub(super) async fn add_to_fallback_tag(
        &self,
        repository: &ImageReference,
        subject: &Digest,
        referrer: &Manifest,
    ) -> Result<(), Error> {
        let mut manifests = self.fallback_referrers(repository, subject).await?;
        if manifests
            .iter()
            .any(|known| known.digest == referrer.digest)
        {
            return Ok(());
        }
        manifests.push(referrer.referrer_descriptor());
        let index = Index {
            schema_version: 2,
            media_type: Some(OCI_INDEX.to_owned()),
            manifests,
            subject: None,
            annotations: Default::default(),
        };
        let tag = repository.with_tag(&fallback_tag(subject))?;
        let object = format!("referrers list {tag}");
        let bytes = serde_json::to_vec(&index).map_err(|error| ContentError::Malformed {
            object: object.clone(),
            detail: error.to_string(),
        })?;
        let index = Manifest::parse(&object, bytes.into(), Some(OCI_INDEX), subject.algorithm())?;
        self.push_manifest(&tag, &index).await
    }

    /// One page and the address of the next; `None` for 404.
    async fn page<T: DeserializeOwned>(
        &self,
        call: &Call,
        url: &Url,
    ) -> Result<Option<(T, Option<Url>)>, Error> {
        let page = self
            .page_unless(call, url, &[StatusCode::NOT_FOUND])
            .await?;
        Ok(page.ok())
    }

    /// One page and the address of the next, unless the answer is one of `absent`.
    pub(super) async fn page_unless<T: DeserializeOwned>(
        &self,
        call: &Call,
        url: &Url,
        absent: &[StatusCode],
    ) -> Result<Result<(T, Option<Url>), Absent>, Error> {
        self.retrying(|| async {
            let response = self
                .send(call, Method::GET, url, |request| {
                    request.header(
                        ACCEPT,
                        "application/json, application/vnd.oci.image.index.v1+json",
                    )
                })
                .await?;
            match response.status() {
                StatusCode::OK => {}
                status if absent.contains(&status) => {
                    let said = detail(response).await;
                    return Ok(Err(Absent { status, said }));
                }
                _ => return Err(self.unexpected(call, response).await),
            }
            let next = next_page(url, &response).map(|mut next| {
                self.rewrite_address(&mut next);
                next
            });
            let body = response
                .bytes()
                .await
                .map_err(|error| self.no_answer(call, &error))?;
            let page = serde_json::from_slice(&body)
                .map_err(|error| self.protocol_error(call, error.to_string()))?;
            Ok(Ok((page, next)))
        })
        .await
    }
}

/// There is no such list.
pub(super) struct Absent {
    pub(super) status: StatusCode,
    pub(super) said: String,
}

/// Tag under which referrers are listed where the registry has no referrers API, and prefix of cosign's tags.
pub(crate) fn fallback_tag(subject: &Digest) -> String {
    format!("{}-{}", subject.algorithm().name(), subject.hex())
}

/// `Link: <URL>; rel="next"` (RFC 8288).
fn next_page(asked: &Url, response: &Response) -> Option<Url> {
    let links = response.headers().get_all(LINK).iter();
    links
        .filter_map(|link| link.to_str().ok())
        .flat_map(|links| links.split(','))
        .find_map(|link| {
            let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
            is_next.then(|| asked.join(target).ok()).flatten()
        })
}
