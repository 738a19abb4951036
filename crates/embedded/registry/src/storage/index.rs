//! What both stores keep in memory about a repository: manifests, tags, referrers. No bytes of content, and little of everything
//! else, because a repository may have tens of thousands of each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::{ManifestInfo, NewManifest, Referrer, TagPage};
use crate::digest::Digest;
use crate::manifest::Descriptor;
use crate::media_type;
use crate::name::{Reference, Tag};

/// A manifest with everything that must outlive the process.
pub(crate) struct ManifestRecord {
    /// With artifact type and annotations only where there is a subject: nobody asks for them otherwise.
    pub(crate) descriptor: Descriptor,
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

/// A manifest as it is kept in memory.
struct Entry {
    media_type: Cow<'static, str>,
    size: u64,
    referrer: Option<(Digest, Arc<Referrer>)>,
}

impl Entry {
    fn new(record: &ManifestRecord) -> Self {
        let Descriptor {
            media_type, size, ..
        } = &record.descriptor;
        let known = media_type::ACCEPTED_MANIFESTS
            .into_iter()
            .find(|known| known == media_type);
        let referrer =
            |subject: &Digest| (subject.clone(), Arc::new(Referrer::new(&record.descriptor)));
        Self {
            media_type: known.map_or_else(|| Cow::Owned(media_type.clone()), Cow::Borrowed),
            size: *size,
            referrer: record.subject.as_ref().map(referrer),
        }
    }

    fn info(&self, digest: &Digest) -> ManifestInfo {
        ManifestInfo {
            digest: digest.clone(),
            media_type: self.media_type.clone(),
            size: self.size,
        }
    }
}

/// A manifest with the tags that point at it.
pub(crate) struct Listed {
    pub(crate) info: ManifestInfo,
    pub(crate) tags: Vec<Tag>,
    pub(crate) referrer: Option<(Digest, Arc<Referrer>)>,
}

/// Manifests, tags and referrers of one repository.
#[derive(Default)]
pub(crate) struct RepositoryIndex {
    manifests: HashMap<Digest, Entry>,
    tags: BTreeMap<Tag, Digest>,
    referrers: HashMap<Digest, BTreeMap<Digest, Arc<Referrer>>>,
}

impl RepositoryIndex {
    pub(crate) fn put(&mut self, record: &ManifestRecord, tags: &[Tag]) {
        let digest = &record.descriptor.digest;
        for tag in tags {
            self.tags.insert(tag.clone(), digest.clone());
        }
        let entry = Entry::new(record);
        if let Some((subject, referrer)) = &entry.referrer {
            let referrers = self.referrers.entry(subject.clone()).or_default();
            referrers.insert(digest.clone(), Arc::clone(referrer));
        }
        self.manifests.insert(digest.clone(), entry);
    }

    pub(crate) fn delete_tag(&mut self, tag: &Tag) -> bool {
        self.tags.remove(tag).is_some()
    }

    pub(crate) fn delete_manifest(&mut self, digest: &Digest) -> bool {
        let Some(entry) = self.manifests.remove(digest) else {
            return false;
        };
        self.tags.retain(|_, target| target != digest);
        if let Some((subject, _)) = entry.referrer
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
        Some(self.manifests.get(digest)?.info(digest))
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

    pub(crate) fn referrers(&self, subject: &Digest) -> Vec<Arc<Referrer>> {
        self.referrers
            .get(subject)
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    /// Every manifest with its tags, in the order of digests, for a journal or an `index.json`.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let mut tags: HashMap<&Digest, Vec<Tag>> = HashMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag.clone());
        }
        let mut listed: Vec<_> = self
            .manifests
            .iter()
            .map(|(digest, entry)| Listed {
                info: entry.info(digest),
                tags: tags.remove(digest).unwrap_or_default(),
                referrer: entry.referrer.clone(),
            })
            .collect();
        listed.sort_by(|left, right| left.info.digest.cmp(&right.info.digest));
        listed
    }
}
