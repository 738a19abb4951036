//! `/v2/<name>/referrers/<digest>`.

use axum::response::Response;
use http::{HeaderName, Uri, header};
use serde_json::json;
use url::form_urlencoded;

use super::path::Target;
use super::query::Query;
use super::respond;
use crate::digest::Digest;
use crate::error::ApiError;
use crate::manifest::Descriptor;
use crate::media_type::OCI_IMAGE_INDEX;
use crate::registry::Registry;

const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Longest list that is sent at once, in bytes: what clients accept as a manifest.
const PAGE: usize = 4 * 1024 * 1024 - 4096;

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
        .into_iter()
        .filter(|descriptor| {
            artifact_type.is_none_or(|wanted| descriptor.artifact_type.as_deref() == Some(wanted))
        })
        .filter(|descriptor| {
            after
                .as_ref()
                .is_none_or(|after| descriptor.digest > *after)
        })
        .peekable();
    let mut page = Vec::new();
    let mut size = 0;
    while let Some(descriptor) =
        wanted.next_if(|next| page.is_empty() || size + length(next) <= PAGE)
    {
        size += length(&descriptor);
        page.push(descriptor);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX, "manifests": page });
    let mut response = respond::json(index.to_string());
    respond::set(&mut response, header::CONTENT_TYPE, OCI_IMAGE_INDEX);
    if artifact_type.is_some() {
        respond::set(&mut response, OCI_FILTERS_APPLIED, "artifactType");
    }
    if let (Some(_), Some(last)) = (wanted.peek(), page.last()) {
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.append_pair("last", last.digest.as_str());
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

/// How many bytes a descriptor takes in the list.
fn length(descriptor: &Descriptor) -> usize {
    serde_json::to_string(descriptor).map_or(0, |text| text.len() + 1)
}
