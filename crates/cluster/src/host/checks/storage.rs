//! How the engine stores layers.

use super::super::check::{Check, Remedy};
use super::super::engine::Facts;

/// Drivers that share layers between containers, so that a node starts in seconds.
const GOOD: &[&str] = &[
    "overlay2",
    "overlay",
    "overlayfs",
    "fuse-overlayfs",
    "btrfs",
    "zfs",
    "stargz",
];

/// The storage driver is one with which a node works well.
pub(in super::super) fn storage_driver(facts: &Facts) -> Check {
    const NAME: &str = "storage-driver";
    match facts.storage_driver.as_deref() {
        Some(driver) if GOOD.contains(&driver) => Check::pass(NAME, driver),
        Some("vfs") => Check::warn(
            NAME,
            "vfs copies every layer of every container: slow, and many times the disk space",
            Remedy::advice("configure overlay2 (Docker) or overlay (Podman) as storage driver"),
        ),
        Some(driver) => Check::warn(
            NAME,
            format!("{driver} is not one of those that Kind is known to work with"),
            Remedy::advice("configure overlay2 (Docker) or overlay (Podman) as storage driver"),
        ),
        None => Check::unknown(NAME, "the engine does not say how it stores images"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;

    #[test]
    fn a_driver_that_copies_everything_is_a_warning() {
        let with = |driver: &str| {
            storage_driver(&Facts {
                storage_driver: Some(driver.to_owned()),
                ..Facts::default()
            })
        };
        assert_eq!(with("overlay2").verdict, Verdict::Pass);
        assert!(with("vfs").seen.contains("copies every layer"));
        assert!(with("aufs").seen.starts_with("aufs is not one"));
        let unknown = storage_driver(&Facts::default());
        assert!(unknown.seen.starts_with("could not tell"));
    }
}
