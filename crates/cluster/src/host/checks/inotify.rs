//! Limits of the kernel on watched files: every pod of the node shares them with the desktop.

use super::super::check::{Check, Remedy};
use super::super::environment::{Environment, Platform};
use super::super::wishes::Wishes;

/// Upstream's numbers, with which a full Konflux runs.
const WANTED: [(&str, u64); 2] = [
    ("fs.inotify.max_user_watches", 524_288),
    ("fs.inotify.max_user_instances", 512),
];

/// Enough watches and instances. Too few fail a full Konflux ("too many open files"), and may do for stand-ins.
pub(in super::super) fn inotify(environment: &Environment, wishes: &Wishes) -> Check {
    const NAME: &str = "inotify";
    if environment.platform() != Platform::Linux {
        return Check::skipped(
            NAME,
            "linux",
            "the limits are those of the engine's machine",
        );
    }
    let mut seen = Vec::new();
    let mut low = Vec::new();
    for (setting, wanted) in WANTED {
        let path = environment.path(&format!("/proc/sys/{}", setting.replace('.', "/")));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return Check::unknown(NAME, format!("{}: {error}", path.display())),
        };
        let Ok(value) = text.trim().parse::<u64>() else {
            let problem = format!("{} holds {:?}", path.display(), text.trim());
            return Check::unknown(NAME, problem);
        };
        if value < wanted {
            seen.push(format!("{setting} is {value}, less than {wanted}"));
            low.push(format!("sudo sysctl -w {setting}={wanted}"));
        } else {
            seen.push(format!("{setting} is {value}"));
        }
    }
    if low.is_empty() {
        return Check::pass(NAME, seen.join("; "));
    }
    let remedy = Remedy::command(
        "raise them until the next boot (for good: in a file of /etc/sysctl.d/)",
        low.join("\n"),
    );
    let seen = format!(
        "{}: pods fail with \"too many open files\"",
        seen.join("; ")
    );
    if wishes.full() {
        Check::fail(NAME, seen, remedy)
    } else {
        Check::warn(NAME, seen, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict;
    use super::*;
    use crate::choice::Flavour;

    fn with(watches: &str, instances: &str, flavour: Flavour) -> Check {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("proc/sys/fs/inotify");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("max_user_watches"), watches).unwrap();
        std::fs::write(folder.join("max_user_instances"), instances).unwrap();
        let environment = Environment::new(root.path(), Platform::Linux, 1000);
        inotify(&environment, &Wishes::new(flavour, "/".into()))
    }

    #[test]
    fn only_what_is_too_low_is_in_the_command() {
        let check = with("524288\n", "128\n", Flavour::Operator);
        assert_eq!(check.verdict, Verdict::Fail);
        assert_eq!(
            check.remedy.unwrap().command.unwrap(),
            "sudo sysctl -w fs.inotify.max_user_instances=512"
        );
    }

    #[test]
    fn the_same_limits_may_do_for_stand_ins() {
        let check = with("8192", "128", Flavour::StandIns);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.seen.contains("is 8192, less than 524288"));
        let enough = with("524288", "512", Flavour::Operator);
        assert_eq!(enough.verdict, Verdict::Pass);
    }

    #[test]
    fn what_is_no_number_or_not_there_could_not_be_told() {
        let nonsense = with("many", "512", Flavour::Operator);
        assert!(
            nonsense.seen.starts_with("could not tell"),
            "{}",
            nonsense.seen
        );
        let nowhere = tempfile::tempdir().unwrap();
        let environment = Environment::new(nowhere.path(), Platform::Linux, 0);
        let check = inotify(&environment, &Wishes::new(Flavour::Operator, "/".into()));
        assert_eq!(check.verdict, Verdict::Warn);
    }
}
