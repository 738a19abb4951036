//! Images: in the engine's store, or to be had from their registry.

use tokio::time::{Instant, timeout_at};

use super::super::check::{Check, Remedy};
use super::super::engine::Engine;
use super::super::images::{ImageLookup, Presence};

/// Where an image is.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Place {
    Cached,
    Registry(Presence),
}

/// Every image, all at once.
pub(in super::super) async fn images(
    images: &[String],
    engine: Option<&Engine>,
    lookup: &dyn ImageLookup,
    deadline: Instant,
) -> Check {
    const NAME: &str = "images";
    if images.is_empty() {
        return Check::skipped(NAME, "images", "none was asked about");
    }
    let places = futures::future::join_all(
        images
            .iter()
            .map(|image| place(image, engine, lookup, deadline)),
    )
    .await;
    let places: Vec<(&String, Place)> = images.iter().zip(places).collect();
    judge(NAME, &places)
}

/// Where one image is.
pub(in super::super) async fn place(
    image: &str,
    engine: Option<&Engine>,
    lookup: &dyn ImageLookup,
    deadline: Instant,
) -> Place {
    if let Some(engine) = engine {
        let cached = timeout_at(deadline, engine.has_image(image)).await;
        if matches!(cached, Ok(Some(true))) {
            return Place::Cached;
        }
    }
    let presence = timeout_at(deadline, lookup.look_up(image)).await;
    let late = |_| Presence::Unknown("its registry did not answer in time".to_owned());
    Place::Registry(presence.unwrap_or_else(late))
}

fn judge(name: &'static str, places: &[(&String, Place)]) -> Check {
    let mut absent = Vec::new();
    let mut unreachable = Vec::new();
    let mut unknown = Vec::new();
    let (mut cached, mut there) = (0, 0);
    for (image, place) in places {
        let image = shortened(image);
        match place {
            Place::Cached => cached += 1,
            Place::Registry(Presence::There) => there += 1,
            Place::Registry(Presence::Absent) => absent.push(format!("{image} does not exist")),
            Place::Registry(Presence::Unreachable(why)) => {
                unreachable.push(format!("{image} cannot be reached ({why})"));
            }
            Place::Registry(Presence::Unknown(why)) => unknown.push(format!("{image} ({why})")),
        }
    }
    let summary = format!(
        "of {}, {cached} in the engine's store, {there} to be had from their registry",
        places.len()
    );
    let failed = absent.len() + unreachable.len();
    let few = |mut lines: Vec<String>| {
        let more = lines.len().saturating_sub(3);
        lines.truncate(3);
        if more > 0 {
            lines.push(format!("{more} more"));
        }
        lines.join("; ")
    };
    if failed > 0 {
        absent.extend(unreachable);
        return Check::fail(
            name,
            format!("{summary}; {}", few(absent)),
            Remedy::advice(
                "connect this machine to the registries, by a proxy where there is one, or load the images into the engine's store",
            ),
        );
    }
    if !unknown.is_empty() {
        return Check::unknown(name, format!("{}; {summary}", few(unknown)));
    }
    Check::pass(name, summary)
}

/// An image as people read it: the first digits of a digest tell it from others.
fn shortened(image: &str) -> String {
    const SHOWN: usize = 12;
    match image.split_once("@sha256:") {
        Some((name, digits)) if digits.len() > SHOWN && digits.is_ascii() => {
            format!("{name}@sha256:{}…", &digits[..SHOWN])
        }
        _ => image.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;

    fn judged(places: Vec<Place>) -> Check {
        let images: Vec<String> = (0..places.len())
            .map(|number| format!("quay.io/i:{number}"))
            .collect();
        let places: Vec<_> = images.iter().zip(places).collect();
        judge("images", &places)
    }

    #[test]
    fn cached_and_existing_images_pass() {
        let check = judged(vec![Place::Cached, Place::Registry(Presence::There)]);
        assert_eq!(check.verdict, Verdict::Pass);
        assert_eq!(
            check.seen,
            "of 2, 1 in the engine's store, 1 to be had from their registry"
        );
    }

    #[test]
    fn an_image_that_is_nowhere_fails_and_a_silent_registry_is_a_warning() {
        let absent = judged(vec![Place::Cached, Place::Registry(Presence::Absent)]);
        assert_eq!(absent.verdict, Verdict::Fail);
        assert!(
            absent.seen.ends_with("quay.io/i:1 does not exist"),
            "{}",
            absent.seen
        );
        let silent = judged(vec![Place::Registry(Presence::Unknown(
            "no answer".to_owned(),
        ))]);
        assert_eq!(silent.verdict, Verdict::Warn);
        assert!(silent.seen.starts_with("could not tell: quay.io/i:0"));
    }

    #[test]
    fn of_many_unreachable_images_the_first_three_are_named() {
        let nowhere = || Place::Registry(Presence::Unreachable("no route".to_owned()));
        let check = judged((0..5).map(|_| nowhere()).collect());
        assert!(check.seen.ends_with("2 more"), "{}", check.seen);
    }

    #[test]
    fn a_digest_is_shown_by_its_first_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(
            shortened(&format!("kindest/node:v1@sha256:{digits}")),
            "kindest/node:v1@sha256:0123456789ab…"
        );
        assert_eq!(shortened("kindest/node:v1"), "kindest/node:v1");
    }
}
