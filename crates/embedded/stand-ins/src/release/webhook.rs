//! What Konflux's webhooks do to a Release before release-service sees it. There are no webhooks here, so the controller
//! does it when it first sees the Release.
//!
//! One thing a controller cannot know is who created an object. Konflux's webhook, where it is not told the user, takes the
//! sender of the Snapshot's git event, or else the word [`UNKNOWN_AUTHOR`]; so does this. An author label that the creator
//! wrote is kept, where the webhook would overwrite it.

use konflux_api::{
    konflux::{Release, Snapshot},
    labels,
};
use kube::ResourceExt;

/// The author where nobody knows who it was; the webhook's own word.
pub(crate) const UNKNOWN_AUTHOR: &str = "unknown";

/// On a Snapshot: who sent the git event that it was built for.
const SENDER: &str = "pac.test.appstudio.openshift.io/sender";

/// The most characters of a label's value.
const LONGEST_LABEL_VALUE: usize = 63;

/// The names that become label values and are too long for it, in the webhook's words.
pub(crate) fn refusal(release: &Release) -> Option<String> {
    let names = [
        ("release", release.name_any()),
        ("snapshot", release.spec.snapshot.clone()),
        ("releasePlan", release.spec.release_plan.clone()),
    ];
    names.into_iter().find_map(|(what, name)| {
        (name.len() > LONGEST_LABEL_VALUE).then(|| {
            format!(
                "{what} name must be no more than {LONGEST_LABEL_VALUE} characters, got {} characters",
                name.len()
            )
        })
    })
}

/// The labels of a Release, as far as they are missing.
pub(crate) fn labels(
    release: &Release,
    snapshot: Option<&Snapshot>,
) -> impl Iterator<Item = (&'static str, String)> {
    let is_automated = release.labels().get(labels::AUTOMATED).map(String::as_str) == Some("true");
    let author = (!is_automated).then(|| (labels::AUTHOR, author(snapshot)));
    let names = [
        (labels::RELEASE_SNAPSHOT, release.spec.snapshot.clone()),
        (labels::RELEASE_PLAN, release.spec.release_plan.clone()),
    ];
    names
        .into_iter()
        .chain(author)
        .filter(|(key, value)| is_label_value(value) && !release.labels().contains_key(*key))
}

fn author(snapshot: Option<&Snapshot>) -> String {
    let sender = snapshot.and_then(|snapshot| snapshot.annotations().get(SENDER));
    let author: String = sender
        .map(|sender| sender.replace(':', "_").replacen('@', ".", 1))
        .unwrap_or_default()
        .chars()
        .take(LONGEST_LABEL_VALUE)
        .collect();
    if author.is_empty() || !is_label_value(&author) {
        return UNKNOWN_AUTHOR.to_owned();
    }
    author
}

/// Whether the API server accepts a text as a label's value (apimachinery, `IsValidLabelValue`).
pub(crate) fn is_label_value(text: &str) -> bool {
    let is_inner = |character: u8| character.is_ascii_alphanumeric() || b"-_.".contains(&character);
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= LONGEST_LABEL_VALUE
        && text.bytes().all(is_inner)
        && ends
            .into_iter()
            .flatten()
            .all(|character| character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn release(name: &str, snapshot: &str, own: Value) -> Release {
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Release",
            "metadata": {"name": name, "labels": own}, "spec": {"snapshot": snapshot, "releasePlan": "p"},
        }))
        .unwrap()
    }

    fn author_label(own: Value, sender: &str) -> Option<String> {
        let snapshot: Snapshot = serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Snapshot",
            "metadata": {"name": "s", "annotations": {SENDER: sender}}, "spec": {"application": "shop"},
        }))
        .unwrap();
        let release = release("r", "s", own);
        let labels: BTreeMap<_, _> = labels(&release, Some(&snapshot)).collect();
        labels.get(labels::AUTHOR).cloned()
    }

    #[test]
    fn the_sender_of_the_git_event_is_the_author_of_a_manual_release() {
        let author = |sender| author_label(json!({}), sender);
        assert_eq!(
            author("user:a@example.com").as_deref(),
            Some("user_a.example.com")
        );
        for unusable in ["", "konflux[bot]", "user-"] {
            assert_eq!(author(unusable).as_deref(), Some("unknown"), "{unusable}");
        }
    }

    #[test]
    fn a_named_author_stays_and_an_automated_release_gets_none() {
        let own = json!({"release.appstudio.openshift.io/author": "user2"});
        assert_eq!(author_label(own, "user1"), None);
        let automated = json!({"release.appstudio.openshift.io/automated": "true"});
        assert_eq!(author_label(automated, "user1"), None);
    }

    #[test]
    fn names_that_fit_no_label_are_refused_in_the_webhooks_words() {
        let (fits, long) = ("a".repeat(63), "a".repeat(64));
        assert_eq!(refusal(&release(&fits, &fits, json!({}))), None);
        assert_eq!(
            refusal(&release(&long, "s", json!({}))).unwrap(),
            "release name must be no more than 63 characters, got 64 characters"
        );
        let refused = release("r", &long, json!({}));
        assert_eq!(
            refusal(&refused).unwrap(),
            "snapshot name must be no more than 63 characters, got 64 characters"
        );
        // No label that the API server would refuse is asked for.
        assert!(labels(&refused, None).all(|(_, value)| is_label_value(&value)));
    }

    #[test]
    fn label_values_are_what_the_api_server_accepts() {
        for value in ["", "a", "a.b_c-D9"] {
            assert!(is_label_value(value), "{value}");
        }
        for value in ["-a", "a.", "a b", "é", &"a".repeat(64)] {
            assert!(!is_label_value(value), "{value}");
        }
    }
}
