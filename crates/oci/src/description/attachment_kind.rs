//! What an attachment is.

use serde::Serialize;

use super::describe::TITLE;
use crate::{Descriptor, ImageManifest};

/// What hangs on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// Signatures of the image.
    Signature,
    /// Signed statements about it: provenance, scan results, bills of materials.
    Attestation,
    /// A bill of materials.
    Sbom {
        /// Its format, where the media type says it.
        format: Option<SbomFormat>,
    },
    /// An image with the sources (Konflux's `.src`).
    Source,
    /// Archives that the tasks of a pipeline pass to each other (Konflux's `.git` and `.prefetch`).
    TrustedArtifact,
    /// Something else: a scan report, a Dockerfile. Its artifact type says more.
    Other,
}

/// Formats of bills of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SbomFormat {
    /// CycloneDX.
    Cyclonedx,
    /// SPDX.
    Spdx,
    /// Syft's own.
    Syft,
}

/// Ends of the tags `<algorithm>-<hex>…` that cosign and Konflux's tasks use, and what they hold.
pub(super) const DIGEST_TAG_SUFFIXES: [(&str, AttachmentKind); 5] = [
    (".sig", AttachmentKind::Signature),
    (".att", AttachmentKind::Attestation),
    (".sbom", AttachmentKind::Sbom { format: None }),
    (".src", AttachmentKind::Source),
    (".dockerfile", AttachmentKind::Other),
];

/// Ends that the build pipeline puts after the image's tag.
pub(super) const IMAGE_TAG_SUFFIXES: [(&str, AttachmentKind); 2] = [
    (".git", AttachmentKind::TrustedArtifact),
    (".prefetch", AttachmentKind::TrustedArtifact),
];

/// What oras calls an artifact whose type nobody told it, and so what Konflux's trusted artifacts are called
/// (build-trusted-artifacts, `create-archive.sh`).
const UNKNOWN_ARTIFACT: &str = "application/vnd.unknown.artifact.v1";
/// Konflux names archives after the results of tasks: `SOURCE_ARTIFACT`, `CACHI2_ARTIFACT`, `sourceDataArtifact`.
const ARTIFACT_RESULT: &str = "artifact";

/// Sigstore bundles hold signatures or statements; this annotation says which.
const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";

/// What a manifest says it is: its artifact type, the media type of its configuration, those of its layers.
pub(super) fn kind_of(manifest: &ImageManifest) -> AttachmentKind {
    let bundle = manifest.annotations.get(BUNDLE_CONTENT).map(String::as_str);
    let declared = [
        manifest.artifact_type.as_deref(),
        Some(manifest.config.media_type.as_str()),
    ];
    let layers = manifest
        .layers
        .iter()
        .map(|layer| layer.media_type.as_str());
    declared
        .into_iter()
        .flatten()
        .chain(layers)
        .find_map(|media_type| kind_of_media_type(media_type, bundle))
        .unwrap_or(match is_trusted_artifact(manifest, None) {
            true => AttachmentKind::TrustedArtifact,
            false => AttachmentKind::Other,
        })
}

/// Whether a manifest holds trusted artifacts of Konflux: of the type unknown, as oras makes it, every layer with a title, and
/// either under a tag that the build pipeline derives from the image's, or with titles as Konflux's results have them. Without the
/// last condition, whatever somebody pushes with oras would be one.
pub(super) fn is_trusted_artifact(manifest: &ImageManifest, tag: Option<&str>) -> bool {
    let titles = manifest.layers.iter().map(title);
    let titles: Option<Vec<&str>> = titles.collect();
    let (Some(UNKNOWN_ARTIFACT), Some(titles)) = (manifest.artifact_type.as_deref(), titles) else {
        return false;
    };
    let under_tag = tag.is_some_and(|tag| {
        let mut suffixes = IMAGE_TAG_SUFFIXES.iter();
        suffixes.any(|(suffix, _)| tag.ends_with(suffix))
    });
    let named_as_results = || {
        let mut names = titles.iter().map(|title| title.to_ascii_lowercase());
        names.all(|name| name.ends_with(ARTIFACT_RESULT))
    };
    !titles.is_empty() && (under_tag || named_as_results())
}

fn title(layer: &Descriptor) -> Option<&str> {
    layer.annotations.get(TITLE).map(String::as_str)
}

/// What an artifact type alone says.
pub(super) fn kind_of_artifact_type(artifact_type: &str) -> AttachmentKind {
    kind_of_media_type(artifact_type, None).unwrap_or(AttachmentKind::Other)
}

fn kind_of_media_type(media_type: &str, bundle: Option<&str>) -> Option<AttachmentKind> {
    let sbom = |format| {
        Some(AttachmentKind::Sbom {
            format: Some(format),
        })
    };
    let media_type = media_type.to_ascii_lowercase();
    match media_type.as_str() {
        "application/vnd.dev.cosign.simplesigning.v1+json"
        | "application/vnd.dev.cosign.artifact.sig.v1+json"
        | "application/vnd.cncf.notary.signature" => Some(AttachmentKind::Signature),
        "application/vnd.dsse.envelope.v1+json"
        | "application/vnd.in-toto+json"
        | "application/vnd.dev.cosign.artifact.att.v1+json" => Some(AttachmentKind::Attestation),
        "application/vnd.dev.cosign.artifact.sbom.v1+json" => {
            Some(AttachmentKind::Sbom { format: None })
        }
        bundled if bundled.starts_with("application/vnd.dev.sigstore.bundle") => {
            Some(match bundle {
                Some("message-signature") => AttachmentKind::Signature,
                _ => AttachmentKind::Attestation,
            })
        }
        document if document.contains("cyclonedx") => sbom(SbomFormat::Cyclonedx),
        document if document.contains("spdx") => sbom(SbomFormat::Spdx),
        document if document.starts_with("application/vnd.syft") => sbom(SbomFormat::Syft),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(media_type: &str) -> Option<AttachmentKind> {
        kind_of_media_type(media_type, None)
    }

    #[test]
    fn media_types_of_the_usual_tools_are_known() {
        let sbom = |format| {
            Some(AttachmentKind::Sbom {
                format: Some(format),
            })
        };
        for (media_type, kind) in [
            (
                "application/vnd.dev.cosign.simplesigning.v1+json",
                Some(AttachmentKind::Signature),
            ),
            (
                "application/vnd.cncf.notary.signature",
                Some(AttachmentKind::Signature),
            ),
            (
                "application/vnd.dsse.envelope.v1+json",
                Some(AttachmentKind::Attestation),
            ),
            (
                "application/vnd.in-toto+json",
                Some(AttachmentKind::Attestation),
            ),
            (
                "application/vnd.cyclonedx+json",
                sbom(SbomFormat::Cyclonedx),
            ),
            ("application/spdx+json", sbom(SbomFormat::Spdx)),
            ("text/spdx+json", sbom(SbomFormat::Spdx)),
            ("text/spdx", sbom(SbomFormat::Spdx)),
            ("application/vnd.syft+json", sbom(SbomFormat::Syft)),
            ("application/vnd.redhat.clair-report+json", None),
        ] {
            assert_eq!(of(media_type), kind, "{media_type}");
        }
    }

    fn artifact(artifact_type: Option<&str>, titles: &[Option<&str>]) -> ImageManifest {
        let digest = crate::Digest::sha256(b"x");
        let layer = |title: &Option<&str>| {
            let tar = "application/vnd.oci.image.layer.v1.tar";
            let mut layer = Descriptor::new(tar, digest.clone(), 1);
            let title = title.map(|title| (TITLE.to_owned(), title.to_owned()));
            layer.annotations.extend(title);
            layer
        };
        ImageManifest {
            schema_version: 2,
            media_type: None,
            artifact_type: artifact_type.map(str::to_owned),
            config: Descriptor::new("application/vnd.oci.empty.v1+json", digest.clone(), 2),
            layers: titles.iter().map(layer).collect(),
            subject: None,
            annotations: Default::default(),
        }
    }

    #[test]
    fn trusted_artifacts_are_told_from_what_else_oras_pushes() {
        let unknown = Some(UNKNOWN_ARTIFACT);
        for (artifact_type, titles, tag, expected) in [
            (unknown, &[Some("SOURCE_ARTIFACT")][..], None, true),
            (unknown, &[Some("sourceDataArtifact")], Some("data"), true),
            (unknown, &[Some("anything")], Some("v1.prefetch"), true),
            (unknown, &[Some("anything")], Some("v1.git"), true),
            (unknown, &[Some("report.json")], None, false),
            (unknown, &[Some("A_ARTIFACT"), None], Some("v1.git"), false),
            (unknown, &[], Some("v1.git"), false),
            (None, &[Some("SOURCE_ARTIFACT")], Some("v1.git"), false),
        ] {
            let manifest = artifact(artifact_type, titles);
            let told = is_trusted_artifact(&manifest, tag);
            assert_eq!(told, expected, "{artifact_type:?} {titles:?} {tag:?}");
        }
        let named = artifact(unknown, &[Some("SOURCE_ARTIFACT")]);
        assert_eq!(kind_of(&named), AttachmentKind::TrustedArtifact);
    }

    #[test]
    fn a_sigstore_bundle_is_what_its_annotation_says() {
        let of =
            |content| kind_of_media_type("application/vnd.dev.sigstore.bundle.v0.3+json", content);
        assert_eq!(
            of(Some("message-signature")),
            Some(AttachmentKind::Signature)
        );
        assert_eq!(of(Some("dsse-envelope")), Some(AttachmentKind::Attestation));
    }
}
