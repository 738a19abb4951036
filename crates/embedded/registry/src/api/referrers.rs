//! `/v2/<name>/referrers/<digest>`.

use axum::response::Response;
use http::{HeaderName, Uri, header};
use url::form_urlencoded;

use super::path::Target;
use super::query::Query;
use super::respond;
use crate::digest::Digest;
use crate::error::ApiError;
use crate::media_type::OCI_IMAGE_INDEX;
use crate::registry::Registry;

const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Longest list that is sent at once, in bytes: what clients accept as a manifest. One entry is sent however long it is.
const PAGE: usize = 4 * 1024 * 1024 - 16;

pub(crate) async fn list(
    registry: &Registry,
    subject: &Target<Digest>,
    uri: &Uri,
) -> Result<Response, ApiError> {
    let query = Query::of(uri);
    let artifact_type = query.get("artifactType");
    let after: Option<Digest> = query.get("last").map(str::parse).transpose()?;
    let referrers = registry
        .storage
        .referrers(&subject.repository, &subject.name)
        .await?;
    let mut wanted = referrers
        .iter()
        .filter(|referrer| {
            artifact_type.is_none_or(|wanted| referrer.artifact_type.as_deref() == Some(wanted))
        })
        .filter(|referrer| after.as_ref().is_none_or(|after| referrer.digest > *after))
        .peekable();
    let length: usize = referrers
        .iter()
        .map(|referrer| referrer.descriptor.len() + 1)
        .sum();
    let mut index = String::with_capacity(PAGE.min(length + 128));
    index.push_str(r#"{"schemaVersion":2,"mediaType":""#);
    index.push_str(OCI_IMAGE_INDEX);
    index.push_str(r#"","manifests":["#);
    let mut last = None;
    while let Some(referrer) =
        wanted.next_if(|next| last.is_none() || index.len() + next.descriptor.len() < PAGE)
    {
        if last.is_some() {
            index.push(',');
        }
        index.push_str(&referrer.descriptor);
        last = Some(&referrer.digest);
    }
    index.push_str("]}");
    let mut response = respond::json(index);
    respond::set(&mut response, header::CONTENT_TYPE, OCI_IMAGE_INDEX);
    if artifact_type.is_some() {
        respond::set(&mut response, OCI_FILTERS_APPLIED, "artifactType");
    }
    if let (Some(_), Some(last)) = (wanted.peek(), last) {
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.append_pair("last", last.as_str());
        if let Some(artifact_type) = artifact_type {
            next.append_pair("artifactType", artifact_type);
        }
        let link = format!(
            "</v2/{}/referrers/{}?{}>; rel=\"next\"",
            subject.repository,
            subject.name,
            next.finish()
        );
        respond::set(&mut response, header::LINK, &link);
    }
    Ok(response)
}
