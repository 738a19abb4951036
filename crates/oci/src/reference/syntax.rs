//! The grammar of the parts of a reference.

use std::net::Ipv6Addr;

use super::ReferenceError;

const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// Cuts at the first `/`. What stands before it is a host when it has a dot or a port, or is `localhost` (distribution/reference).
pub(super) fn split_host(text: &str) -> Result<(&str, &str), ReferenceError> {
    match text.split_once('/') {
        Some((host, rest)) if host == "localhost" || host.contains(['.', ':']) => Ok((host, rest)),
        _ => Err(ReferenceError::NoRegistry(text.to_owned())),
    }
}

/// A DNS name, an IPv4 address or a bracketed IPv6 address, with an optional port.
pub(crate) fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    let valid = match registry.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok()
                && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        }),
        None => match registry.split_once(':') {
            Some((name, port)) => is_host_name(name) && is_port(port),
            None => is_host_name(registry),
        },
    };
    match valid {
        true => Ok(()),
        false => Err(ReferenceError::InvalidRegistry(registry.to_owned())),
    }
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`
pub(super) fn check_repository(registry: &str, repository: &str) -> Result<(), ReferenceError> {
    if !repository.split('/').all(is_component) {
        return Err(ReferenceError::InvalidRepository(repository.to_owned()));
    }
    if registry.len() + 1 + repository.len() > LONGEST_NAME {
        return Err(ReferenceError::TooLong(format!("{registry}/{repository}")));
    }
    Ok(())
}

fn is_component(component: &str) -> bool {
    let is_word_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut separator = String::new();
    let mut after_word = false;
    for byte in component.bytes() {
        if is_word_byte(byte) {
            if !separator.is_empty() && !is_separator(&separator) {
                return false;
            }
            separator.clear();
            after_word = true;
        } else if after_word {
            separator.push(char::from(byte));
        } else {
            return false;
        }
    }
    after_word && separator.is_empty()
}

fn is_separator(text: &str) -> bool {
    matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
pub(super) fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let valid = !tag.is_empty()
        && tag.len() <= LONGEST_TAG
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    match valid {
        true => Ok(()),
        false => Err(ReferenceError::InvalidTag(tag.to_owned())),
    }
}
