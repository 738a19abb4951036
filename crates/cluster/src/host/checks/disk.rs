//! Free space: where our state goes, and where the engine keeps images and the node's disk.

use std::path::{Path, PathBuf};

use super::super::check::{Check, Remedy};
use super::super::disk::{self, DiskError};
use super::super::engine::{Address, Engine};
use super::super::environment::{Environment, Platform};
use super::super::wishes::Wishes;

const GIB: u64 = 1024 * 1024 * 1024;
/// GiB that the node image, the images of the flavour and the work of a few builds take: `(too little, comfortable)`.
/// Our own estimate; upstream suggests a machine of 100 GB.
const FULL: (u64, u64) = (15, 40);
/// The same for stand-ins.
const SMALL: (u64, u64) = (5, 15);

/// Room for our own state. Asks the file system: not for the thread of a runtime.
pub(in super::super) fn state_disk(folder: &Path) -> Check {
    const NAME: &str = "state-disk";
    let Some(existing) = nearest_existing(folder) else {
        return Check::unknown(NAME, format!("no folder above {} exists", folder.display()));
    };
    match disk::check(&existing).and_then(|()| disk::free(&existing)) {
        Ok(free) => Check::pass(NAME, in_words(free, &existing)),
        Err(error @ DiskError::TooFull { .. }) => Check::fail(
            NAME,
            error.to_string(),
            Remedy::advice("free some space, or set KONFLUX_LOCAL_STATE_DIR"),
        ),
        Err(error @ DiskError::Unknown { .. }) => Check::unknown(NAME, error),
    }
}

/// The folder in which the engine keeps images, where it is on a disk of this machine.
pub(in super::super) fn image_folder(
    environment: &Environment,
    engine: &Engine,
) -> Option<PathBuf> {
    let local = matches!(
        engine.located().address,
        Address::Unix(_) | Address::Command(_)
    );
    let folder = engine.facts().folder.as_deref().map(PathBuf::from)?;
    (local && environment.platform() == Platform::Linux).then_some(folder)
}

/// Room for images. Asks the file system: not for the thread of a runtime.
pub(in super::super) fn image_disk(folder: Option<&Path>, wishes: &Wishes) -> Check {
    const NAME: &str = "image-disk";
    let Some(folder) = folder.and_then(nearest_existing) else {
        return Check::skipped(NAME, "linux", "the disk is that of the engine's machine");
    };
    match disk::free(&folder) {
        Ok(free) => judge(NAME, free, &folder, wishes.full()),
        Err(error) => Check::unknown(NAME, error),
    }
}

fn judge(name: &'static str, free: u64, folder: &Path, full: bool) -> Check {
    let (little, comfortable) = if full { FULL } else { SMALL };
    let seen = in_words(free, folder);
    let remedy = || {
        Remedy::advice(format!(
            "free some space; images, node and builds take up to {comfortable} GiB"
        ))
    };
    if free < little * GIB {
        Check::fail(name, seen, remedy())
    } else if free < comfortable * GIB {
        Check::warn(name, seen, remedy())
    } else {
        Check::pass(name, seen)
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn in_words(free: u64, folder: &Path) -> String {
    format!(
        "{:.1} GiB are free below {}",
        free as f64 / GIB as f64,
        folder.display()
    )
}

fn nearest_existing(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|folder| folder.exists())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use crate::choice::Flavour;

    #[test]
    fn the_same_room_may_do_for_stand_ins_and_not_for_a_full_konflux() {
        let folder = Path::new("/var/lib/docker");
        assert_eq!(judge("d", 10 * GIB, folder, true).verdict, Verdict::Fail);
        assert_eq!(judge("d", 10 * GIB, folder, false).verdict, Verdict::Warn);
        assert_eq!(judge("d", 20 * GIB, folder, false).verdict, Verdict::Pass);
        assert_eq!(judge("d", 20 * GIB, folder, true).verdict, Verdict::Warn);
    }

    #[test]
    fn a_state_folder_that_will_be_made_is_judged_by_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let check = state_disk(&folder.path().join("not/yet"));
        assert_eq!(check.verdict, Verdict::Pass);
        let path = folder.path().display().to_string();
        assert!(check.seen.ends_with(&path), "{}", check.seen);
    }

    #[test]
    fn a_disk_in_a_virtual_machine_is_skipped() {
        let wishes = Wishes::new(Flavour::Operator, "/".into());
        assert_eq!(image_disk(None, &wishes).verdict, Verdict::Skipped);
    }
}
