//! What both stores keep in memory about a repository: manifests, tags, referrers. No bytes of content.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::{ManifestInfo, NewManifest, TagPage};
use crate::digest::Digest;
use crate::manifest::Descriptor;
use crate::name::{Reference, Tag};

/// A manifest as the index knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ManifestRecord {
    /// With artifact type and annotations only where there is a subject: nobody asks for them otherwise.
    #[serde(flatten)]
    pub(crate) descriptor: Descriptor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Digest>,
}

impl From<&NewManifest> for ManifestRecord {
    fn from(manifest: &NewManifest) -> Self {
        let referrer = manifest.subject.is_some();
        Self {
            descriptor: Descriptor {
                media_type: manifest.media_type.clone(),
                digest: manifest.digest.digest().clone(),
                size: manifest.bytes.len() as u64,
                artifact_type: manifest.artifact_type.clone().filter(|_| referrer),
                annotations: manifest.annotations.clone().filter(|_| referrer),
            },
            subject: manifest.subject.clone(),
        }
    }
}

/// Manifests, tags and referrers of one repository.
#[derive(Default)]
pub(crate) struct RepositoryIndex {
    manifests: HashMap<Digest, ManifestRecord>,
    tags: BTreeMap<Tag, Digest>,
    referrers: HashMap<Digest, BTreeSet<Digest>>,
}

impl RepositoryIndex {
    pub(crate) fn put(&mut self, record: ManifestRecord, tags: &[Tag]) {
        let digest = record.descriptor.digest.clone();
        for tag in tags {
            self.tags.insert(tag.clone(), digest.clone());
        }
        if let Some(subject) = &record.subject {
            self.referrers
                .entry(subject.clone())
                .or_default()
                .insert(digest.clone());
        }
        self.manifests.insert(digest, record);
    }

    pub(crate) fn delete_tag(&mut self, tag: &Tag) -> bool {
        self.tags.remove(tag).is_some()
    }

    pub(crate) fn delete_manifest(&mut self, digest: &Digest) -> bool {
        let Some(record) = self.manifests.remove(digest) else {
            return false;
        };
        self.tags.retain(|_, target| target != digest);
        if let Some(subject) = record.subject
            && let Some(referrers) = self.referrers.get_mut(&subject)
        {
            referrers.remove(digest);
            if referrers.is_empty() {
                self.referrers.remove(&subject);
            }
        }
        true
    }

    pub(crate) fn manifest_count(&self) -> usize {
        self.manifests.len()
    }

    pub(crate) fn has_manifest(&self, digest: &Digest) -> bool {
        self.manifests.contains_key(digest)
    }

    pub(crate) fn info(&self, reference: &Reference) -> Option<ManifestInfo> {
        let digest = match reference {
            Reference::Digest(digest) => digest,
            Reference::Tag(tag) => self.tags.get(tag)?,
        };
        let descriptor = &self.manifests.get(digest)?.descriptor;
        Some(ManifestInfo {
            digest: digest.clone(),
            media_type: descriptor.media_type.clone(),
            size: descriptor.size,
        })
    }

    pub(crate) fn tags(&self, after: Option<&str>, limit: usize) -> TagPage {
        // `after` need not be an existing tag, nor a valid one: it is only a position in the order.
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = self
            .tags
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(tag, _)| tag);
        let tags = rest.by_ref().take(limit).cloned().collect();
        TagPage {
            tags,
            more: rest.next().is_some(),
        }
    }

    pub(crate) fn referrers(&self, subject: &Digest) -> Vec<Descriptor> {
        let referrers = self.referrers.get(subject).into_iter().flatten();
        referrers
            .filter_map(|digest| self.manifests.get(digest))
            .map(|record| record.descriptor.clone())
            .collect()
    }

    /// Every manifest with the tags that point at it, for a journal or an `index.json`.
    pub(crate) fn entries(&self) -> Vec<(&ManifestRecord, Vec<&Tag>)> {
        let mut tags: HashMap<&Digest, Vec<&Tag>> = HashMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag);
        }
        let mut entries: Vec<_> = self
            .manifests
            .values()
            .map(|record| {
                (
                    record,
                    tags.remove(&record.descriptor.digest).unwrap_or_default(),
                )
            })
            .collect();
        entries
            .sort_by(|(left, _), (right, _)| left.descriptor.digest.cmp(&right.descriptor.digest));
        entries
    }
}
