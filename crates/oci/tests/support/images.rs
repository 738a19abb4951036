//! Images in layouts.

use oci::image::{ImageBuilder, LayerFiles};
use oci::media_type::{OCI_INDEX, OCI_MANIFEST};
use oci::{Descriptor, ImageManifest, Index, Layout};
use tempfile::TempDir;

pub struct TestImage {
    pub directory: TempDir,
    pub layout: Layout,
    pub root: Descriptor,
}

pub fn new_layout() -> (TempDir, Layout) {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::create(directory.path().join("layout")).unwrap();
    (directory, layout)
}

/// An image of one platform with two layers; `text` makes it different from others.
pub fn build(layout: &Layout, platform: &str, text: &str) -> Descriptor {
    let mut image = ImageBuilder::scratch(layout, platform.parse().unwrap());
    for (path, content) in [("etc/common", "the same in all"), ("etc/own", text)] {
        let mut files = LayerFiles::new();
        files.add_directory_with_parents("etc").unwrap();
        files
            .add_content(path, content.as_bytes().to_vec())
            .unwrap();
        image.add_layer(&files, "COPY").unwrap();
    }
    image.finish().unwrap()
}

pub fn one_platform(text: &str) -> TestImage {
    let (directory, layout) = new_layout();
    let root = build(&layout, "linux/amd64", text);
    TestImage {
        directory,
        layout,
        root,
    }
}

/// An index with linux/amd64 and linux/arm64.
pub fn two_platforms(text: &str) -> TestImage {
    let (directory, layout) = new_layout();
    let manifests = ["linux/amd64", "linux/arm64"]
        .map(|platform| build(&layout, platform, &format!("{text} {platform}")));
    let root = write_index(&layout, manifests.to_vec());
    TestImage {
        directory,
        layout,
        root,
    }
}

pub fn write_index(layout: &Layout, manifests: Vec<Descriptor>) -> Descriptor {
    let index = Index {
        schema_version: 2,
        media_type: Some(OCI_INDEX.to_owned()),
        manifests,
        subject: None,
        annotations: Default::default(),
    };
    let root = layout
        .write_blob(OCI_INDEX, &serde_json::to_vec(&index).unwrap())
        .unwrap();
    layout.set_image(&root).unwrap();
    root
}

/// An artifact (a report, a signature) about `subject`; without one it is what cosign puts under its tags.
pub fn artifact(subject: Option<&Descriptor>, text: &str) -> TestImage {
    let (directory, layout) = new_layout();
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(OCI_MANIFEST.to_owned()),
        artifact_type: Some("application/vnd.example.report".to_owned()),
        config: layout
            .write_blob("application/vnd.oci.empty.v1+json", b"{}")
            .unwrap(),
        layers: vec![layout.write_blob("text/plain", text.as_bytes()).unwrap()],
        subject: subject.map(|subject| {
            Descriptor::new(&subject.media_type, subject.digest.clone(), subject.size)
        }),
        annotations: Default::default(),
    };
    let root = layout
        .write_blob(OCI_MANIFEST, &serde_json::to_vec(&manifest).unwrap())
        .unwrap();
    layout.set_image(&root).unwrap();
    TestImage {
        directory,
        layout,
        root,
    }
}
