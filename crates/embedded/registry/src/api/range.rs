//! `Range` of blob reads (RFC 9110, section 14) and `Content-Range` of chunk uploads (distribution specification).

use std::ops::{Range, RangeInclusive};

use http::HeaderValue;

/// What a `Range` header asks for, given the length of the content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// Everything: no header, or one that RFC 9110 says to ignore (other units, bad syntax), or several ranges.
    Whole,
    /// A part, in bytes.
    Part(Range<u64>),
    /// A part that does not exist, or that ends before it begins: RFC 9110 allows to ignore or to reject the latter, and a rejection
    /// tells the client of its mistake.
    Unsatisfiable,
}

pub(crate) fn requested(header: Option<&HeaderValue>, size: u64) -> Requested {
    let range = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes="))
        .and_then(|range| range.trim().split_once('-'));
    match range.and_then(|(first, last)| part(first, last, size)) {
        None => Requested::Whole,
        Some(part) if part.start < part.end => Requested::Part(part),
        Some(_) => Requested::Unsatisfiable,
    }
}

fn part(first: &str, last: &str, size: u64) -> Option<Range<u64>> {
    Some(match (first, last) {
        ("", length) => size.saturating_sub(number(length)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    })
}

/// `<first>-<last>` of a chunk, both inclusive; `None` when it is anything else.
pub(crate) fn chunk(header: &HeaderValue) -> Option<RangeInclusive<u64>> {
    let (first, last) = header.to_str().ok()?.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..=last)
}

fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Requested {
        requested(Some(&HeaderValue::from_static(text)), 2000)
    }

    #[test]
    fn ranges_are_read_as_http_says() {
        assert_eq!(requested(None, 2000), Requested::Whole);
        assert_eq!(of("bytes=500-1499"), Requested::Part(500..1500));
        assert_eq!(of("bytes=500-"), Requested::Part(500..2000));
        assert_eq!(of("bytes=-500"), Requested::Part(1500..2000));
        assert_eq!(of("bytes=-5000"), Requested::Part(0..2000));
        assert_eq!(of("bytes=1500-99999999999999999999"), Requested::Whole);
        assert_eq!(
            of("bytes=1500-18446744073709551615"),
            Requested::Part(1500..2000)
        );
        assert_eq!(of("bytes=2000-5000"), Requested::Unsatisfiable);
        assert_eq!(of("bytes=-0"), Requested::Unsatisfiable);
        assert_eq!(of("bytes=500-0"), Requested::Unsatisfiable);
        for ignored in [
            "bytes=a-b",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=",
            "bytes=-",
            "bytes=+1-2",
        ] {
            assert_eq!(of(ignored), Requested::Whole, "{ignored}");
        }
    }

    #[test]
    fn a_chunk_range_has_two_numbers_and_nothing_else() {
        assert_eq!(chunk(&HeaderValue::from_static("0-9")), Some(0..=9));
        for other in ["bytes=0-9", "bytes 0-9/10", "9-0", "0-", "-9", "+0-9", ""] {
            assert_eq!(chunk(&HeaderValue::from_static(other)), None, "{other}");
        }
    }
}
