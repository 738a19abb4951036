//! The string formats of OpenAPI v3 schemas in custom resources
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::selector::syntax::{dns_label_problems, dns_subdomain_problems};

/// Formats that Kubernetes checks and this API server cannot.
const NOT_MODELLED: [&str; 11] = [
    "bsonobjectid",
    "creditcard",
    "hexcolor",
    "isbn",
    "isbn10",
    "isbn13",
    "rgbcolor",
    "ssn",
    "uuid3",
    "uuid4",
    "uuid5",
];

/// A check of one format, true for text in it.
pub(super) type Check = fn(&str) -> bool;

/// The formats checked here; `email`, `hostname` and `uri` are left to the `jsonschema` crate.
pub(super) const CHECKS: [(&str, Check); 12] = [
    ("byte", |text| STANDARD.decode(text).is_ok()),
    ("cidr", is_cidr),
    ("date", |text| {
        text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
    }),
    ("date-time", |text| text.parse::<jiff::Timestamp>().is_ok()),
    ("duration", is_go_duration),
    ("ipv4", |text| text.parse::<Ipv4Addr>().is_ok()),
    ("ipv6", |text| text.parse::<Ipv6Addr>().is_ok()),
    ("k8s-long-name", |text| {
        dns_subdomain_problems(text).is_empty()
    }),
    ("k8s-short-name", |text| dns_label_problems(text).is_empty()),
    ("mac", is_mac),
    ("password", |_| true),
    ("uuid", is_uuid),
];

/// True for a format that Kubernetes would check and this API server cannot.
pub(super) fn is_not_modelled(format: &str) -> bool {
    NOT_MODELLED.contains(&format.replace('-', "").as_str())
}

/// The name under which a string format is checked, or `None` for one that Kubernetes ignores. Kubernetes ignores
/// hyphens in format names.
pub(super) fn canonical(format: &str) -> Option<&'static str> {
    let plain = format.replace('-', "");
    CHECKS
        .iter()
        .map(|(name, _)| *name)
        .chain(["email", "hostname", "uri"])
        .find(|name| name.replace('-', "") == plain)
}

fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        let bits = match address.parse() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        length.bytes().all(|byte| byte.is_ascii_digit())
            && length.parse::<u8>().is_ok_and(|length| length <= bits)
    })
}

fn is_mac(text: &str) -> bool {
    let octets: Vec<&str> = text.split([':', '-']).collect();
    [6, 8, 20].contains(&octets.len())
        && octets
            .iter()
            .all(|octet| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_uuid(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let hyphens_in_place = text
        .bytes()
        .enumerate()
        .all(|(index, byte)| byte != b'-' || (8..=23).contains(&index));
    digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit) && hyphens_in_place
}

/// A duration as Go's `time.ParseDuration` reads it, such as `1h15m30.5s`.
fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let unit = rest
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
        let (number, _) = rest.split_at(rest.len() - unit.len());
        let known = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .into_iter()
            .filter(|name| unit.starts_with(name));
        let Some(name) = known.max_by_key(|name| name.len()) else {
            return false;
        };
        if number.matches('.').count() > 1 || !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return false;
        }
        rest = &unit[name.len()..];
    }
    true
}
