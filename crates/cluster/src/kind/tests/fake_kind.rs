//! A `kind` on a `PATH` of its own, with a memory of clusters in its folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::kind::{ClusterName, Kind, WorkFolder};

/// What a healthy `kind` does, as far as we use it.
const HEALTHY: &str = r#"
case "$1 $2" in
"get clusters")
    if [ -s "$here/clusters" ]; then cat "$here/clusters"; else echo "No kind clusters found." >&2; fi ;;
"get nodes")
    if grep -qx "$4" "$here/clusters" 2>/dev/null; then echo "$4-control-plane"
    else echo "No kind nodes found for cluster \"$4\"." >&2; fi ;;
"get kubeconfig")
    grep -qx "$4" "$here/clusters" 2>/dev/null || { echo "ERROR: could not locate any control plane nodes" >&2; exit 1; }
    printf '{"apiVersion":"v1","kind":"Config","current-context":"kind-%s","contexts":[{"name":"kind-%s","context":{"cluster":"kind-%s","user":"kind-%s"}}],"clusters":[{"name":"kind-%s","cluster":{"server":"https://127.0.0.1:40001"}}],"users":[{"name":"kind-%s","user":{"client-key-data":"aGlkZGVu"}}]}\n' "$4" "$4" "$4" "$4" "$4" "$4" ;;
"create cluster")
    cat >"$here/document"
    echo "Creating cluster \"$4\" ..." >&2
    echo "$4" >>"$here/clusters" ;;
"delete cluster")
    grep -vx "$4" "$here/clusters" >"$here/clusters.new" 2>/dev/null
    mv "$here/clusters.new" "$here/clusters"
    echo "Deleted nodes: [\"$4-control-plane\"]" >&2 ;;
"load docker-image" | "load image-archive" | "save --output") ;;
*) echo "unknown: $*" >&2; exit 64 ;;
esac
"#;

/// How a run of `kind` goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Hangs,
    Fails,
    Nonsense,
    Dies,
}

pub(super) const FAULTS: [Fault; 4] = [Fault::Hangs, Fault::Fails, Fault::Nonsense, Fault::Dies];

impl Fault {
    fn script(self) -> &'static str {
        match self {
            Self::Hangs => "echo working >&2; sleep 300; exit 0",
            Self::Fails => "echo 'ERROR: failed to list clusters: permission denied' >&2; exit 1",
            Self::Nonsense => "echo '<html>'; exit 0",
            Self::Dies => "echo working >&2; kill -9 $$",
        }
    }

    /// What the error says of it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Hangs => "did not end within",
            Self::Fails => "failed (exit 1); it wrote:\n    ERROR: failed to list clusters",
            Self::Nonsense => "`<html>` where a name was expected",
            Self::Dies => "failed (signal 9)",
        }
    }
}

pub(super) struct FakeKind {
    folder: tempfile::TempDir,
}

impl FakeKind {
    pub(super) fn healthy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fake = Self { folder };
        fake.add_program("kind");
        fake.behave("");
        fake
    }

    /// Healthy, but for its runs with these numbers, counted from 1. `before` runs first in each of them.
    pub(super) fn with_fault(runs: &[usize], fault: Fault, before: &str) -> Self {
        let fake = Self::healthy();
        let conditions: Vec<String> = runs
            .iter()
            .map(|run| format!("[ \"$runs\" -eq {run} ]"))
            .collect();
        fake.behave(&format!(
            "runs=$(wc -l <\"$here/calls\")\nif {}; then {before}\n{}\nfi\n",
            conditions.join(" || "),
            fault.script()
        ));
        fake
    }

    fn behave(&self, first: &str) {
        let script = format!("{first}\n{HEALTHY}");
        std::fs::write(self.folder.path().join("behaviour"), script).unwrap();
    }

    /// The same under another name.
    pub(super) fn add_program(&self, name: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/fake.sh");
        std::os::unix::fs::symlink(script, self.path(name)).unwrap();
    }

    pub(super) fn add_cluster(&self, name: &str) {
        std::fs::write(self.folder.path().join("clusters"), format!("{name}\n")).unwrap();
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind_with("docker")
    }

    pub(super) fn kind_with(&self, provider: &str) -> Kind {
        let search_path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        Kind::new(provider).search_path(search_path)
    }

    /// A `kind` whose hanging is noticed soon.
    pub(super) fn impatient(&self, fault: Fault) -> Kind {
        match fault {
            Fault::Hangs => self.kind().limit(Duration::from_secs(3)),
            _ => self.kind(),
        }
    }

    /// The arguments of every run so far.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// What `kind create` read.
    pub(super) fn document(&self) -> String {
        std::fs::read_to_string(self.path("document")).unwrap()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn work_folder(&self) -> WorkFolder {
        WorkFolder::at(self.path("work"))
    }

    /// A text with this fake's folder taken out.
    pub(super) fn without_paths(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "FOLDER")
    }
}

pub(super) fn name() -> ClusterName {
    "konflux".parse().unwrap()
}

/// No `kind` at all.
pub(super) fn absent() -> Kind {
    Kind::new("docker").search_path(Path::new("/does/not/exist"))
}
