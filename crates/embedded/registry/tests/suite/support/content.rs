//! Content to push.

use std::io::Write as _;
use std::path::Path;

use registry::{Algorithm, Digest, VerifiedDigest};
use serde_json::{Value, json};

pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub fn sha256(bytes: &[u8]) -> Digest {
    VerifiedDigest::of(Algorithm::Sha256, bytes)
        .digest()
        .clone()
}

pub fn sha512(bytes: &[u8]) -> Digest {
    VerifiedDigest::of(Algorithm::Sha512, bytes)
        .digest()
        .clone()
}

pub fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    VerifiedDigest::of(algorithm, bytes).digest().clone()
}

/// Bytes that differ for each seed and do not compress.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// An image manifest over a config and layers that are named by their bytes.
pub fn image_manifest(config: &[u8], layers: &[&[u8]]) -> Value {
    let layer = |bytes: &&[u8]| descriptor("application/vnd.oci.image.layer.v1.tar+gzip", bytes);
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

/// Writes an OCI image layout with one image, tagged `latest`, of one small and one large layer. Returns its manifest digest.
pub fn write_image_layout(directory: &Path) -> Digest {
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let write = |bytes: &[u8]| std::fs::write(blobs.join(sha256(bytes).encoded()), bytes).unwrap();
    let archives = [(1, 100), (2, 3_000_000)].map(|(seed, length)| archive(&noise(seed, length)));
    // Compressed, because skopeo compresses what is not, which changes the digest.
    let layers = archives.each_ref().map(|archive| compress(archive));
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": archives.iter().map(|archive| sha256(archive)).collect::<Vec<_>>() },
    })
    .to_string();
    let manifest = image_manifest(
        config.as_bytes(),
        &layers.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    )
    .to_string();
    layers.iter().for_each(|layer| write(layer));
    write(config.as_bytes());
    write(manifest.as_bytes());
    let mut descriptor = descriptor(IMAGE_MANIFEST, manifest.as_bytes());
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": "latest" });
    std::fs::write(
        directory.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
    std::fs::write(
        directory.join("index.json"),
        json!({ "schemaVersion": 2, "manifests": [descriptor] }).to_string(),
    )
    .unwrap();
    sha256(manifest.as_bytes())
}

fn compress(archive: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(archive).unwrap();
    encoder.finish().unwrap()
}

fn archive(content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "file", content).unwrap();
    archive.into_inner().unwrap()
}
