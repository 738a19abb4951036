//! Manifests: fetch, look, push, delete.

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};

use super::Client;
use super::request::{Access, Call};
use crate::digest::Algorithm;
use crate::media_type::ACCEPTED_MANIFESTS;
use crate::{Claim, ContentError, Digest, Error, ImageReference, Manifest};

/// Largest manifest that is read, in bytes: what the specification asks registries to accept at least.
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;
const DIGEST_HEADER: &str = "docker-content-digest";
const SUBJECT_HEADER: &str = "oci-subject";

impl Client {
    /// Fetches a manifest or index.
    ///
    /// The digest is computed from the bytes and compared with the reference's and with the registry's header; the media type in
    /// the bytes is compared with the registry's `Content-Type`. A reference with tag and digest is fetched by its digest.
    ///
    /// # Errors
    /// [`ContentError::MissingManifest`] when it does not exist, other [`ContentError`]s when something about it is a lie, and
    /// what a request can end with.
    pub async fn manifest(&self, reference: &ImageReference) -> Result<Manifest, Error> {
        self.retrying(|| self.manifest_once(reference)).await
    }

    async fn manifest_once(&self, reference: &ImageReference) -> Result<Manifest, Error> {
        let call = Call::new(
            Access::Pull,
            reference,
            format!("fetch manifest {reference}"),
        );
        let response = self.ask_manifest(&call, Method::GET, reference).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(ContentError::MissingManifest {
                    reference: reference.clone(),
                    needed_by: None,
                }
                .into());
            }
            _ => return Err(self.unexpected(&call, response).await),
        }
        let claimed = self.claimed_digest(&call, &response)?;
        let media_type = content_type(&response);
        let bytes = self.read_manifest(&call, response).await?;
        let object = format!("manifest {reference}");
        check_digest(&object, &bytes, Claim::Reference, reference.digest())?;
        check_digest(&object, &bytes, Claim::Header, claimed.as_ref())?;
        let algorithm = reference
            .digest()
            .map_or(Algorithm::Sha256, Digest::algorithm);
        Ok(Manifest::parse(
            &object,
            bytes,
            media_type.as_deref(),
            algorithm,
        )?)
    }

    /// The digest that the registry gives for a reference, `None` when it does not exist. Says nothing about the content:
    /// this is the registry's word, good for skipping work, no proof.
    ///
    /// # Errors
    /// What a request can end with.
    pub async fn resolve(&self, reference: &ImageReference) -> Result<Option<Digest>, Error> {
        let claimed = self.retrying(|| self.resolve_once(reference)).await?;
        match claimed {
            Resolved::Missing => Ok(None),
            Resolved::Digest(digest) => Ok(Some(digest)),
            Resolved::Unsaid => Ok(Some(self.manifest(reference).await?.digest)),
        }
    }

    async fn resolve_once(&self, reference: &ImageReference) -> Result<Resolved, Error> {
        let call = Call::new(Access::Pull, reference, format!("resolve {reference}"));
        let response = self.ask_manifest(&call, Method::HEAD, reference).await?;
        match response.status() {
            StatusCode::OK => Ok(match self.claimed_digest(&call, &response)? {
                Some(digest) => Resolved::Digest(digest),
                None => Resolved::Unsaid,
            }),
            StatusCode::NOT_FOUND => Ok(Resolved::Missing),
            _ => Err(self.unexpected(&call, response).await),
        }
    }

    /// Pushes a manifest under the reference's tag, else under its own digest. What it names must be there already.
    ///
    /// When the manifest has a subject and the registry does not list referrers itself, the subject's fallback tag is brought up
    /// to date (distribution specification, "Pushing Manifests with Subject").
    ///
    /// # Errors
    /// [`ContentError::DigestMismatch`] when the registry stored something else, and what a request can end with.
    pub async fn push_manifest(
        &self,
        reference: &ImageReference,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        let lists_referrers = self
            .retrying(|| self.push_manifest_once(reference, manifest))
            .await?;
        match manifest.subject() {
            Some(subject) if !lists_referrers => {
                Box::pin(self.add_to_fallback_tag(reference, &subject.digest, manifest)).await
            }
            _ => Ok(()),
        }
    }

    /// True when the registry lists the manifest among its subject's referrers by itself.
    async fn push_manifest_once(
        &self,
        reference: &ImageReference,
        manifest: &Manifest,
    ) -> Result<bool, Error> {
        let target = match reference.tag() {
            Some(tag) => tag.to_owned(),
            None => manifest.digest.to_string(),
        };
        let action = format!("push manifest {} to {reference}", manifest.digest);
        let call = Call::new(Access::Push, reference, action);
        let url = self.url(&call, &format!("manifests/{target}"))?;
        let response = self
            .send(&call, Method::PUT, &url, |request| {
                request
                    .header(CONTENT_TYPE, &manifest.media_type)
                    .body(manifest.bytes.clone())
            })
            .await?;
        if response.status() != StatusCode::CREATED {
            return Err(self.unexpected(&call, response).await);
        }
        let claimed = self.claimed_digest(&call, &response)?;
        let object = format!("manifest {} as stored in {reference}", manifest.digest);
        check_digest(&object, &manifest.bytes, Claim::Header, claimed.as_ref())?;
        Ok(response.headers().contains_key(SUBJECT_HEADER))
    }

    /// Deletes the tag, or, without one, the manifest with the reference's digest.
    ///
    /// # Errors
    /// [`ContentError::MissingManifest`] when it does not exist, [`Error::IncompleteReference`], and what a request can end with
    /// (405 from registries that delete nothing).
    pub async fn delete(&self, reference: &ImageReference) -> Result<(), Error> {
        let call = Call::new(Access::Delete, reference, format!("delete {reference}"));
        let delete = || async {
            let response = self.ask_manifest(&call, Method::DELETE, reference).await?;
            match response.status() {
                StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
                StatusCode::NOT_FOUND => Err(ContentError::MissingManifest {
                    reference: reference.clone(),
                    needed_by: None,
                }
                .into()),
                _ => Err(self.unexpected(&call, response).await),
            }
        };
        self.retrying(delete).await
    }

    async fn ask_manifest(
        &self,
        call: &Call,
        method: Method,
        reference: &ImageReference,
    ) -> Result<Response, Error> {
        let target = match (reference.tag(), reference.digest()) {
            (Some(tag), _) if method == Method::DELETE => tag.to_owned(),
            (_, Some(digest)) => digest.to_string(),
            (Some(tag), None) => tag.to_owned(),
            (None, None) => {
                return Err(Error::IncompleteReference {
                    action: call.action.clone(),
                    missing: "tag or digest",
                });
            }
        };
        let url = self.url(call, &format!("manifests/{target}"))?;
        let accept = ACCEPTED_MANIFESTS.join(", ");
        self.send(call, method, &url, |request| {
            request.header(ACCEPT, &accept)
        })
        .await
    }

    async fn read_manifest(&self, call: &Call, mut response: Response) -> Result<Bytes, Error> {
        let mut bytes = BytesMut::new();
        loop {
            let chunk = response.chunk().await;
            match chunk.map_err(|error| self.no_answer(call, &error))? {
                None => return Ok(bytes.freeze()),
                Some(chunk) => bytes.extend_from_slice(&chunk),
            }
            if bytes.len() > LARGEST_MANIFEST {
                let detail = format!("the manifest has more than {LARGEST_MANIFEST} bytes");
                return Err(self.protocol_error(call, detail));
            }
        }
    }

    /// The registry's digest header, when there is one with an algorithm that can be checked.
    fn claimed_digest(&self, call: &Call, response: &Response) -> Result<Option<Digest>, Error> {
        let Some(value) = response.headers().get(DIGEST_HEADER) else {
            return Ok(None);
        };
        let parsed = value.to_str().unwrap_or("(not text)").parse();
        parsed.map(Some).map_err(|error: crate::DigestError| {
            self.protocol_error(call, format!("Docker-Content-Digest: {error}"))
        })
    }
}

enum Resolved {
    Missing,
    Digest(Digest),
    /// It exists; the registry did not send the header.
    Unsaid,
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default().trim();
    Some(media_type.to_owned())
}

fn check_digest(
    object: &str,
    bytes: &[u8],
    claimed_by: Claim,
    expected: Option<&Digest>,
) -> Result<(), ContentError> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let computed = Digest::of(expected.algorithm(), bytes);
    match computed == *expected {
        true => Ok(()),
        false => Err(ContentError::DigestMismatch {
            object: object.to_owned(),
            claimed_by,
            expected: expected.clone(),
            computed,
        }),
    }
}
