//! An image as text for a person.

use std::fmt::Write;

use oci::{
    Attachment, AttachmentKind, FoundBy, ImageDescription, LayerDescription, ManifestDescription,
    SbomFormat,
};

/// Labels and annotations are longer than a line can show; programs read the JSON.
const LONGEST_VALUE: usize = 100;

pub(super) fn text(image: &ImageDescription) -> String {
    let mut lines = vec![
        image.reference.to_string(),
        format!("  digest      {}", image.digest),
        format!("  media type  {}", plain(&image.media_type)),
    ];
    for (name, value) in &image.annotations {
        lines.push(format!("  annotation  {}={}", plain(name), plain(value)));
    }
    image
        .manifests
        .iter()
        .for_each(|one| manifest(one, &mut lines));
    match image.attachments.is_empty() {
        true => lines
            .push("attached: no signatures, attestations, SBOMs or trusted artifacts".to_owned()),
        false => lines.push("attached:".to_owned()),
    }
    image
        .attachments
        .iter()
        .for_each(|one| attachment(one, &mut lines));
    lines.join("\n")
}

fn manifest(manifest: &ManifestDescription, lines: &mut Vec<String>) {
    let kind = match (&manifest.platform, &manifest.artifact_type) {
        (Some(platform), _) => platform.to_string(),
        (None, Some(artifact)) => format!("artifact {}", plain(artifact)),
        (None, None) => "artifact".to_owned(),
    };
    let mut head = format!(
        "{kind}  {}  {}",
        manifest.digest,
        size(manifest.content_size)
    );
    if let Some(created) = &manifest.config.created {
        // Writing to a text cannot fail.
        let _ = write!(head, "  created {}", plain(created));
    }
    lines.push(head);
    for (name, value) in &manifest.config.labels {
        lines.push(format!("  label  {}={}", plain(name), plain(value)));
    }
    lines.extend(manifest.layers.iter().map(layer));
}

fn attachment(attachment: &Attachment, lines: &mut Vec<String>) {
    let found_by = match &attachment.found_by {
        FoundBy::Referrers => "referrers".to_owned(),
        FoundBy::Tag(tag) => format!("tag {tag}"),
        FoundBy::Index => "in the index".to_owned(),
    };
    let missing = match attachment.missing {
        true => "  listed and gone",
        false => "",
    };
    let artifact = match (&attachment.kind, &attachment.artifact_type) {
        (AttachmentKind::Other, Some(artifact)) => format!("  {}", plain(artifact)),
        _ => String::new(),
    };
    lines.push(format!(
        "  {}{artifact}  {}  ({found_by}; of {}){missing}",
        kind(attachment.kind),
        attachment.digest,
        attachment.subject
    ));
    lines.extend(
        attachment
            .layers
            .iter()
            .map(|one| format!("  {}", layer(one))),
    );
}

fn layer(layer: &LayerDescription) -> String {
    let title = layer.title.as_deref().map(plain);
    let title = title.map(|title| format!("  {title}")).unwrap_or_default();
    format!(
        "  layer  {}  {}  {}{title}",
        layer.digest,
        size(layer.size),
        plain(&layer.media_type)
    )
}

fn kind(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Signature => "signature",
        AttachmentKind::Attestation => "attestation",
        AttachmentKind::Sbom { format } => match format {
            Some(SbomFormat::Cyclonedx) => "SBOM (CycloneDX)",
            Some(SbomFormat::Spdx) => "SBOM (SPDX)",
            Some(SbomFormat::Syft) => "SBOM (Syft)",
            None => "SBOM",
        },
        AttachmentKind::Source => "source image",
        AttachmentKind::TrustedArtifact => "trusted artifact",
        AttachmentKind::Other => "other",
    }
}

/// What strangers wrote, without characters that a terminal obeys, and no longer than a line.
fn plain(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST_VALUE)
        .map(|character| match character.is_control() {
            true => '\u{fffd}',
            false => character,
        })
        .collect();
    if text.chars().nth(LONGEST_VALUE).is_some() {
        shown.push('…');
    }
    shown
}

fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_strangers_wrote_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn a_long_value_is_cut_visibly() {
        assert_eq!(plain(&"ä".repeat(100)), "ä".repeat(100));
        assert_eq!(plain(&"ä".repeat(101)), format!("{}…", "ä".repeat(100)));
    }
}
