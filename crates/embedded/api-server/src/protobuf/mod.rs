//! Request bodies in Kubernetes' protobuf encoding, which new versions of `kubectl` use for some commands (`create`, `auth`).
//!
//! The messages that those commands send are in [`messages`]; any other is refused by name. Answers are always JSON, which the same
//! clients accept.

mod messages;
mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use messages::{Field, Kind, Message};
use wire::{Reader, Wire};

/// What every body starts with.
/// Source: k8s.io/apimachinery/pkg/runtime/serializer/protobuf.
const MAGIC: &[u8] = b"k8s\0";

/// A body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtobufError {
    #[error("the body of the request is not protobuf as Kubernetes encodes it")]
    Malformed,
    #[error("protobuf is not supported for {api_version} {kind}; send application/json")]
    Kind { api_version: String, kind: String },
    #[error("the protobuf message {message} has the unknown field {number}; send application/json")]
    Field { message: &'static str, number: u32 },
}

/// Decodes an object.
pub(crate) fn decode(body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::Malformed)?;
    let envelope = Value::Object(object(&messages::UNKNOWN, envelope)?);
    let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = part(&envelope["typeMeta"]["apiVersion"]);
    let kind = part(&envelope["typeMeta"]["kind"]);
    let raw = STANDARD
        .decode(part(&envelope["raw"]))
        .map_err(|_| ProtobufError::Malformed)?;
    let Some(message) = messages::of_kind(&api_version, &kind) else {
        return Err(ProtobufError::Kind { api_version, kind });
    };
    let mut fields = object(message, &raw)?;
    fields.insert("apiVersion".to_owned(), api_version.into());
    fields.insert("kind".to_owned(), kind.into());
    Ok(Value::Object(fields))
}

fn object(message: &'static Message, encoded: &[u8]) -> Result<Map<String, Value>, ProtobufError> {
    let mut fields = Map::new();
    let mut reader = Reader::new(encoded);
    while let Some((number, wire)) = reader.next().map_err(|_| ProtobufError::Malformed)? {
        let field = message
            .fields
            .iter()
            .find(|field| field.number == number)
            .ok_or(ProtobufError::Field {
                message: message.name,
                number,
            })?;
        add(&mut fields, field, &wire)?;
    }
    Ok(fields)
}

fn add(
    fields: &mut Map<String, Value>,
    field: &Field,
    wire: &Wire<'_>,
) -> Result<(), ProtobufError> {
    let map =
        |fields: &mut Map<String, Value>, entry: &'static Message| -> Result<(), ProtobufError> {
            let mut entry = object(entry, wire.bytes().ok_or(ProtobufError::Malformed)?)?;
            let key = entry
                .remove("key")
                .and_then(|key| key.as_str().map(str::to_owned))
                .unwrap_or_default();
            let value = entry.remove("value").unwrap_or_else(|| "".into());
            let map = fields
                .entry(field.name)
                .or_insert_with(|| Value::Object(Map::new()));
            map[key] = value;
            Ok(())
        };
    match field.kind {
        Kind::TextMap => return map(fields, &messages::TEXT_ENTRY),
        Kind::BytesMap => return map(fields, &messages::BYTES_ENTRY),
        _ => {}
    }
    let value = value(field.kind, wire)?;
    if field.repeated {
        let list = fields
            .entry(field.name)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(list) = list.as_array_mut() {
            list.push(value);
        }
    } else if !is_zero(&value) {
        // Go writes out fields that are not set.
        fields.insert(field.name.to_owned(), value);
    }
    Ok(())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn value(kind: Kind, wire: &Wire<'_>) -> Result<Value, ProtobufError> {
    let bytes = || wire.bytes().ok_or(ProtobufError::Malformed);
    let number = || wire.number().ok_or(ProtobufError::Malformed);
    Ok(match kind {
        Kind::Text => std::str::from_utf8(bytes()?)
            .map_err(|_| ProtobufError::Malformed)?
            .into(),
        Kind::Bytes => STANDARD.encode(bytes()?).into(),
        Kind::Flag => (number()? != 0).into(),
        // Negative numbers are in two's complement.
        Kind::Number => number()?.cast_signed().into(),
        Kind::Message(message) => Value::Object(object(message, bytes()?)?),
        Kind::Time | Kind::MicroTime => {
            time(&object(&messages::TIME, bytes()?)?, kind == Kind::MicroTime)?
        }
        Kind::Json => {
            let raw = object(&messages::RAW, bytes()?)?;
            let raw = raw.get("raw").and_then(Value::as_str).unwrap_or_default();
            let raw = STANDARD.decode(raw).map_err(|_| ProtobufError::Malformed)?;
            serde_json::from_slice(&raw).map_err(|_| ProtobufError::Malformed)?
        }
        Kind::TextMap | Kind::BytesMap => return Err(ProtobufError::Malformed),
    })
}

fn time(parts: &Map<String, Value>, micro: bool) -> Result<Value, ProtobufError> {
    let part = |name: &str| parts.get(name).and_then(Value::as_i64);
    let Some(seconds) = part("seconds") else {
        return Ok(Value::Null);
    };
    let nanoseconds =
        i32::try_from(part("nanos").unwrap_or(0)).map_err(|_| ProtobufError::Malformed)?;
    let timestamp =
        jiff::Timestamp::new(seconds, nanoseconds).map_err(|_| ProtobufError::Malformed)?;
    let format = if micro {
        "%Y-%m-%dT%H:%M:%S%.6fZ"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    Ok(timestamp.strftime(format).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut encoded = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        encoded.extend_from_slice(content);
        encoded
    }

    fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let type_meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [
            MAGIC.to_vec(),
            field(1, &type_meta),
            field(2, raw),
            field(3, b""),
            field(4, b""),
        ]
        .concat()
    }

    #[test]
    fn a_secret_is_read_with_its_data() {
        let metadata = [field(1, b"s"), field(2, b""), field(8, b"")].concat();
        let entry = [field(1, b"key"), field(2, b"\x00\xff")].concat();
        let secret = [field(1, &metadata), field(2, &entry), field(3, b"Opaque")].concat();
        let expected = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "AP8="}, "type": "Opaque",
        });
        assert_eq!(decode(&body("v1", "Secret", &secret)), Ok(expected));
    }

    #[test]
    fn a_kind_without_a_message_is_refused_by_name() {
        let expected = ProtobufError::Kind {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
        };
        assert_eq!(decode(&body("apps/v1", "Deployment", b"")), Err(expected));
    }

    #[test]
    fn a_field_that_is_not_known_is_refused_and_not_dropped() {
        let outcome = decode(&body("v1", "ConfigMap", &field(15, b"x")));
        assert_eq!(
            outcome,
            Err(ProtobufError::Field {
                message: "ConfigMap",
                number: 15
            })
        );
    }

    #[test]
    fn an_object_that_is_cut_is_refused_and_no_cut_panics() {
        let raw = field(1, &field(1, b"name"));
        let encoded = body("v1", "ConfigMap", &raw);
        // Behind the object come two empty fields of two bytes.
        let end_of_object = encoded.len() - 4;
        for length in 0..encoded.len() {
            let outcome = decode(&encoded[..length]);
            let is_cut = (end_of_object - raw.len()..end_of_object).contains(&length);
            assert!(outcome.is_err() || !is_cut, "{length}: {outcome:?}");
        }
    }
}
