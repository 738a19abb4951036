//! Which strings Kubernetes accepts as label keys, label values and names.
//!
//! Each function returns the problems of a string, none when it is valid, in the words of
//! `k8s.io/apimachinery/pkg/api/validate/content`.

const KEY_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                        alphanumeric character";
const MAXIMUM_LABEL_LENGTH: usize = 63;
const MAXIMUM_SUBDOMAIN_LENGTH: usize = 253;

/// Problems of a label or annotation key: `[DNS subdomain "/"] name`, the name at most 63 bytes.
pub(crate) fn label_key_problems(key: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_owned());
            } else {
                problems.extend(
                    dns_subdomain_problems(prefix)
                        .into_iter()
                        .map(|problem| format!("prefix part {problem}")),
                );
            }
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                key_rule()
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > MAXIMUM_LABEL_LENGTH {
        problems.push(format!(
            "name part must be no more than {MAXIMUM_LABEL_LENGTH} bytes"
        ));
    }
    if !is_label_word(name) {
        problems.push(format!("name part {}", key_rule()));
    }
    problems
}

/// Problems of a label value: empty, or at most 63 bytes of the characters of a label name.
pub(crate) fn label_value_problems(value: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if value.len() > MAXIMUM_LABEL_LENGTH {
        problems.push(format!("must be no more than {MAXIMUM_LABEL_LENGTH} bytes"));
    }
    if !value.is_empty() && !is_label_word(value) {
        problems.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
             start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
             for validation is '({KEY_PATTERN})?')"
        ));
    }
    problems
}

/// Problems of an RFC 1123 subdomain, the form of most object names: at most 253 bytes.
pub(crate) fn dns_subdomain_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > MAXIMUM_SUBDOMAIN_LENGTH {
        problems.push(format!(
            "must be no more than {MAXIMUM_SUBDOMAIN_LENGTH} bytes"
        ));
    }
    if !name.split('.').all(is_dns_word) {
        problems.push(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                .to_owned(),
        );
    }
    problems
}

/// Problems of an RFC 1123 label, the form of namespace and service names: at most 63 bytes.
pub(crate) fn dns_label_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > MAXIMUM_LABEL_LENGTH {
        problems.push(format!("must be no more than {MAXIMUM_LABEL_LENGTH} bytes"));
    }
    if !is_dns_word(name) {
        problems.push(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
             and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    problems
}

fn key_rule() -> String {
    format!(
        "{KEY_RULE} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{KEY_PATTERN}')"
    )
}

fn is_label_word(word: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = word.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_dns_word(word: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = word.as_bytes();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}
