//! The few parts of the protobuf encoding that an OpenAPI document needs.
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

/// A message that is being written.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Adds a field of bytes, text or an embedded message.
    pub(super) fn with(mut self, field: u32, content: impl AsRef<[u8]>) -> Self {
        const LENGTH_DELIMITED: u64 = 2;
        let content = content.as_ref();
        self.varint(u64::from(field) << 3 | LENGTH_DELIMITED);
        self.varint(content.len() as u64);
        self.0.extend_from_slice(content);
        self
    }

    /// The encoded message.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_field_has_its_length_in_two_bytes() {
        let encoded = Message::default().with(2, "a".repeat(150)).into_bytes();
        assert_eq!(encoded[..3], [0x12, 0x96, 0x01]);
        assert_eq!(encoded.len(), 153);
    }
}
