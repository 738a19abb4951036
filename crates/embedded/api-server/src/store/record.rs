//! How one object is stored: its revision and the owners it names in front of its JSON, so that neither a conflict check nor the
//! owner index ever has to parse an object.
//!
//! Layout: revision (8 bytes, big endian), number of owners (2 bytes), each owner as length (2 bytes) and UID, then the JSON.

use bytes::Bytes;
use serde_json::Value;

/// One stored object.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Revision of the last write, the object's `metadata.resourceVersion`.
    pub(crate) revision: u64,
    /// The object as JSON, `metadata.resourceVersion` included.
    pub(crate) json: Bytes,
}

/// The stored bytes are not a record: the database was written by something else.
#[derive(Debug, thiserror::Error)]
#[error("a stored record is not one that this program wrote")]
pub(crate) struct MalformedRecord;

impl Record {
    /// The object as a value.
    pub(crate) fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.json)
    }

    /// Decodes what [`encode`] made.
    pub(crate) fn decode(stored: &[u8]) -> Result<Self, MalformedRecord> {
        let (revision, owners, json_start) = header(stored)?;
        drop(owners);
        Ok(Self {
            revision,
            json: Bytes::copy_from_slice(&stored[json_start..]),
        })
    }
}

/// Encodes an object for storage.
pub(crate) fn encode(revision: u64, owners: &[String], json: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(
        10 + owners.iter().map(|owner| owner.len() + 2).sum::<usize>() + json.len(),
    );
    stored.extend_from_slice(&revision.to_be_bytes());
    stored.extend_from_slice(&length(owners.len()).to_be_bytes());
    for owner in owners {
        stored.extend_from_slice(&length(owner.len()).to_be_bytes());
        stored.extend_from_slice(owner.as_bytes());
    }
    stored.extend_from_slice(json);
    stored
}

/// The revision and the owners of a stored record, without looking at its JSON.
pub(crate) fn revision_and_owners(stored: &[u8]) -> Result<(u64, Vec<String>), MalformedRecord> {
    header(stored).map(|(revision, owners, _)| (revision, owners))
}

/// UIDs of `metadata.ownerReferences`, in order. What does not fit the layout cannot be a UID and is left out.
pub(crate) fn owners_of(object: &Value) -> Vec<String> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|owner| owner["uid"].as_str())
        .filter(|uid| uid.len() <= usize::from(u16::MAX))
        .take(usize::from(u16::MAX))
        .map(str::to_owned)
        .collect()
}

fn length(value: usize) -> u16 {
    u16::try_from(value).expect("owners_of keeps lengths within sixteen bits")
}

fn header(stored: &[u8]) -> Result<(u64, Vec<String>, usize), MalformedRecord> {
    let mut position = 0;
    let mut take = |count: usize| {
        let taken = stored
            .get(position..position + count)
            .ok_or(MalformedRecord)?;
        position += count;
        Ok(taken)
    };
    let revision = u64::from_be_bytes(take(8)?.try_into().map_err(|_| MalformedRecord)?);
    let count = u16::from_be_bytes(take(2)?.try_into().map_err(|_| MalformedRecord)?);
    let mut owners = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let size = u16::from_be_bytes(take(2)?.try_into().map_err(|_| MalformedRecord)?);
        let owner = std::str::from_utf8(take(usize::from(size))?).map_err(|_| MalformedRecord)?;
        owners.push(owner.to_owned());
    }
    Ok((revision, owners, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_decodes_to_what_was_encoded() {
        let stored = encode(42, &["a".to_owned(), "bc".to_owned()], b"{}");
        assert_eq!(
            revision_and_owners(&stored).unwrap(),
            (42, vec!["a".to_owned(), "bc".to_owned()])
        );
        let record = Record::decode(&stored).unwrap();
        assert_eq!(
            (record.revision, record.json.as_ref()),
            (42, b"{}".as_ref())
        );
    }

    #[test]
    fn a_truncated_record_is_refused() {
        let stored = encode(42, &["owner".to_owned()], b"");
        assert!(Record::decode(&stored[..stored.len() - 1]).is_err());
    }
}
