//! Images and layouts are the same bytes every time, and say what was asked for.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use oci::image::{ImageBuilder, LayerFiles};
use oci::{ContentError, Descriptor, Error, Layout};
use serde_json::{Value, json};
use support::images;

/// A layer with an entry of every kind; file and directory names as given.
fn files(directory: &Path) -> LayerFiles {
    std::fs::create_dir_all(directory).unwrap();
    let script = directory.join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o711)).unwrap();
    let mut files = LayerFiles::new();
    files.add_file("usr/bin/script", script, true).unwrap();
    files.add_symlink("usr/bin/link", "script".into()).unwrap();
    files.add_directory_with_parents("usr/bin").unwrap();
    files
        .add_content(
            &format!("usr/{}", "long/".repeat(60) + "name"),
            b"x".to_vec(),
        )
        .unwrap();
    files
}

fn config(layout: &Layout, root: &Descriptor) -> Value {
    let oci::ManifestContent::Image(image) = layout.manifest(root).unwrap().content else {
        panic!("not an image")
    };
    serde_json::from_slice(&std::fs::read(layout.blob_path(&image.config.digest)).unwrap()).unwrap()
}

fn all_files(layout: &Layout) -> BTreeMap<String, Vec<u8>> {
    let blobs = std::fs::read_dir(layout.directory().join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let others = ["index.json", "oci-layout"].map(|name| layout.directory().join(name));
    blobs
        .chain(others)
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_same_input_gives_the_same_bytes_in_another_place() {
    let build = |place: &str| {
        let (directory, layout) = images::new_layout();
        let mut image = ImageBuilder::scratch(&layout, "linux/arm/v7".parse().unwrap());
        for number in 0..20 {
            image
                .settings_mut()
                .labels
                .insert(format!("label-{number}"), "x".into());
            image
                .settings_mut()
                .set_environment(&format!("VARIABLE_{}", number * 7 % 20), "x".into());
        }
        image
            .add_layer(&files(&directory.path().join(place)), "COPY")
            .unwrap();
        image.add_empty_step("ENV");
        image.finish().unwrap();
        all_files(&layout)
    };
    assert_eq!(build("here"), build("there"));
}

#[test]
fn a_layer_shows_nothing_of_this_machine() {
    let (directory, layout) = images::new_layout();
    let mut image = ImageBuilder::scratch(&layout, "linux/amd64".parse().unwrap());
    image.add_layer(&files(directory.path()), "COPY").unwrap();
    let root = image.finish().unwrap();
    let oci::ManifestContent::Image(manifest) = layout.manifest(&root).unwrap().content else {
        panic!("not an image")
    };
    let compressed = std::fs::read(layout.blob_path(&manifest.layers[0].digest)).unwrap();
    assert_eq!(
        compressed[..10],
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        "gzip header without time, name and system"
    );
    let mut archive = Vec::new();
    flate2::read::GzDecoder::new(compressed.as_slice())
        .read_to_end(&mut archive)
        .unwrap();
    let diff_id = config(&layout, &root)["rootfs"]["diff_ids"][0].clone();
    assert_eq!(diff_id, json!(oci::Digest::sha256(&archive)));
    let mut archive = tar::Archive::new(archive.as_slice());
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (
                header.uid().unwrap(),
                header.gid().unwrap(),
                header.mtime().unwrap()
            ),
            (0, 0, 0)
        );
        seen.push((
            entry.path().unwrap().display().to_string(),
            header.mode().unwrap(),
        ));
    }
    let long = format!("usr/{}name", "long/".repeat(60));
    let expected = [
        ("usr/", 0o755),
        ("usr/bin/", 0o755),
        ("usr/bin/link", 0o777),
        ("usr/bin/script", 0o755),
        (&long, 0o644),
    ];
    assert_eq!(seen, expected.map(|(path, mode)| (path.to_owned(), mode)));
}

#[test]
fn settings_arrive_in_the_configuration() {
    let (_keep, layout) = images::new_layout();
    let mut image = ImageBuilder::scratch(&layout, "linux/amd64".parse().unwrap());
    let settings = image.settings_mut();
    settings.set_environment("B", "1".into());
    settings.set_environment("A", "2".into());
    settings.set_environment("B", "3".into());
    settings.working_directory = "/w".into();
    settings.user = "1001".into();
    settings.exposed_ports.insert("80/tcp".into());
    settings.entrypoint = Some(vec!["/app".into()]);
    settings.command = Some(vec![]);
    image.add_empty_step("ENV B=1");
    let root = image.finish().unwrap();
    let config = config(&layout, &root);
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    assert_eq!(
        config["config"],
        json!({"Env": ["B=3", "A=2"], "WorkingDir": "/w", "User": "1001", "ExposedPorts": {"80/tcp": {}}, "Entrypoint": ["/app"], "Cmd": []})
    );
    assert_eq!(config["history"][0]["empty_layer"], true);
}

#[test]
fn paths_that_leave_the_image_are_refused() {
    let mut files = LayerFiles::new();
    for path in ["", "/etc", "../x", "a/../b", "a//b", "a/", "./a", "a\0b"] {
        assert!(
            matches!(files.add_content(path, Vec::new()), Err(Error::Assembly(_))),
            "{path}"
        );
    }
    files.add_directory("").unwrap();
    assert!(files.is_empty(), "the root needs no entry");
}

#[test]
fn a_file_that_is_gone_fails_the_layer_and_leaves_no_blob() {
    let (directory, layout) = images::new_layout();
    let mut image = ImageBuilder::scratch(&layout, "linux/amd64".parse().unwrap());
    let mut files = LayerFiles::new();
    files
        .add_file("gone", directory.path().join("gone"), false)
        .unwrap();
    assert!(matches!(
        image.add_layer(&files, "COPY"),
        Err(Error::File { action: "read", .. })
    ));
    assert_eq!(
        std::fs::read_dir(layout.directory().join("blobs/sha256"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_layout_is_made_in_an_empty_directory_only() {
    let directory = tempfile::tempdir().unwrap();
    Layout::create(directory.path()).unwrap();
    assert!(matches!(
        Layout::create(directory.path()),
        Err(Error::Layout { .. })
    ));
}

#[test]
fn what_is_no_layout_or_none_with_one_image_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = || Layout::open(directory.path()).unwrap_err().to_string();
    assert!(error().contains("it has no oci-layout"), "{}", error());
    std::fs::write(
        directory.path().join("oci-layout"),
        r#"{"imageLayoutVersion": "2"}"#,
    )
    .unwrap();
    assert!(error().contains("version"), "{}", error());
    let (_keep, layout) = images::new_layout();
    assert!(
        layout
            .image()
            .unwrap_err()
            .to_string()
            .contains("it has no index.json")
    );
    std::fs::write(
        layout.directory().join("index.json"),
        r#"{"schemaVersion": 2, "manifests": []}"#,
    )
    .unwrap();
    assert!(
        layout
            .image()
            .unwrap_err()
            .to_string()
            .contains("lists 0 images")
    );
}

#[tokio::test]
async fn a_damaged_or_missing_blob_of_a_layout_is_told() {
    let image = images::one_platform("x");
    let path = image.layout.blob_path(&image.root.digest);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() = b' ';
    std::fs::write(&path, bytes).unwrap();
    let manifest = image.layout.manifest(&image.root);
    assert!(matches!(
        manifest,
        Err(Error::Content(ContentError::DigestMismatch { .. }))
    ));
    let blob = image.layout.checked_blob(&image.root).await;
    assert!(matches!(
        blob,
        Err(Error::Content(ContentError::DigestMismatch { .. }))
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        image.layout.manifest(&image.root),
        Err(Error::Content(ContentError::MissingBlob { .. }))
    ));
}
