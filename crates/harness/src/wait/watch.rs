//! Watching until something holds.

use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::runtime::watcher;

use crate::failure::kubernetes_words;

/// How watching ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Watched<K> {
    /// The condition holds of this object, or of its absence.
    Reached(Option<K>),
    /// The API server will not show it, however often it is asked.
    Refused(String),
    /// The limit was reached.
    Limit {
        /// The object as it was seen last.
        last: Option<K>,
        /// The failure of watching that was not followed by anything better.
        watch_error: Option<String>,
    },
}

/// Takes the first state of which the condition holds.
pub(super) async fn until<K>(
    states: impl Stream<Item = watcher::Result<Option<K>>>,
    holds: impl Fn(Option<&K>) -> bool,
    limit: Duration,
) -> Watched<K> {
    let (mut last, mut watch_error) = (None, None);
    let mut states = pin!(states);
    let watching = async {
        loop {
            match states.next().await {
                Some(Ok(seen)) if holds(seen.as_ref()) => return Watched::Reached(seen),
                Some(Ok(seen)) => (last, watch_error) = (seen, None),
                Some(Err(error)) if is_final(&error) => return Watched::Refused(words(&error)),
                Some(Err(error)) => watch_error = Some(words(&error)),
                None => return Watched::Refused("the watch ended".to_owned()),
            }
        }
    };
    let ended = tokio::time::timeout(limit, watching).await;
    ended.unwrap_or_else(|_limit| Watched::Limit { last, watch_error })
}

/// An answer that another try will not change: wrong request, no permission, no such kind, not implemented.
fn is_final(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            matches!(
                status.code,
                400 | 401 | 403 | 404 | 405 | 406 | 415 | 422 | 501
            )
        }
        watcher::Error::NoResourceVersion => true,
        _ => false,
    }
}

fn words(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => kubernetes_words(error),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use kube::core::Status;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn failure(code: u16) -> watcher::Error {
        let status = Status::failure("no", "Reason").with_code(code).boxed();
        watcher::Error::InitialListFailed(kube::Error::Api(status))
    }

    async fn until_two(states: Vec<watcher::Result<Option<u8>>>) -> Watched<u8> {
        let endless = stream::iter(states).chain(stream::pending());
        until(endless, |number| number == Some(&2), LIMIT).await
    }

    #[tokio::test]
    async fn the_first_state_that_holds_ends_the_wait_and_none_may_exist_before() {
        let states = vec![
            Ok(None),
            Ok(Some(1)),
            Err(failure(500)),
            Ok(Some(2)),
            Ok(Some(3)),
        ];
        assert_eq!(until_two(states).await, Watched::Reached(Some(2)));
    }

    #[tokio::test]
    async fn absence_can_be_what_is_waited_for() {
        let states = stream::iter([Ok(Some(1)), Ok(None)]).chain(stream::pending());
        assert_eq!(
            until(states, |number| number.is_none(), LIMIT).await,
            Watched::Reached(None)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_limit_the_last_state_is_kept_and_the_error_that_hides_a_newer_one() {
        let seen = until_two(vec![Ok(None), Ok(Some(1))]).await;
        assert_eq!(
            seen,
            Watched::Limit {
                last: Some(1),
                watch_error: None
            }
        );
        let blind = until_two(vec![Ok(Some(1)), Err(failure(500))]).await;
        let watch_error = Some("no (500 Reason)".to_owned());
        assert_eq!(
            blind,
            Watched::Limit {
                last: Some(1),
                watch_error
            }
        );
    }

    #[tokio::test]
    async fn an_answer_that_no_other_try_will_change_ends_the_wait_at_once() {
        for code in [401, 403, 404, 501] {
            let refused = until_two(vec![Err(failure(code))]).await;
            assert_eq!(refused, Watched::Refused(format!("no ({code} Reason)")));
        }
    }
}
