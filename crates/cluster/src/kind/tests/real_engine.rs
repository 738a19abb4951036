//! The engine of the machine that runs the tests, where one answers: nodes as containers that do nothing, and the image cache with
//! Debian's `docker-registry`, so that nothing has to be pulled.
//!
//! One test, because there is one cache in an engine.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, NetworkCreateRequest};
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptions, RemoveImageOptions, UploadToContainerOptions,
};

use futures::FutureExt as _;

use super::fake_kind::FakeKind;
use crate::kind::destroy::{Belongings, destroy};
use crate::kind::image_cache::{CacheState, ImageCache, Version};
use crate::kind::inspect::inspect;
use crate::kind::network::{NETWORK, NetworkFate, NetworkRecord};
use crate::kind::nodes::{limit_memory, start_stopped};
use crate::kind::{ClusterName, NodeMemory};
use crate::program::Command;

const PROGRAM: &str = "/usr/bin/docker-registry";
const CONFIGURATION: &str = "version: 0.1\nstorage: {filesystem: {}}\nhttp: {addr: ':5000'}\n";

/// Gives Debian's registry to the engine as an image.
async fn import(image: &str) -> Result<(), String> {
    let words = |error: crate::program::ProgramError| error.to_string();
    let linked = Command::new("ldd")
        .argument(PROGRAM)
        .run()
        .await
        .map_err(words)?;
    let linked = linked.stdout().map_err(words)?;
    let libraries = linked
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut archive = tar::Builder::new(file.reopen().unwrap());
    for path in std::iter::once(PROGRAM).chain(libraries) {
        let mut content = std::fs::File::open(path).map_err(|error| format!("{path}: {error}"))?;
        archive
            .append_file(path.trim_start_matches('/'), &mut content)
            .unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(CONFIGURATION.len() as u64);
    header.set_mode(0o644);
    archive
        .append_data(
            &mut header,
            "etc/registry/config.yml",
            CONFIGURATION.as_bytes(),
        )
        .unwrap();
    archive.finish().unwrap();
    let entrypoint = format!("ENTRYPOINT [\"{PROGRAM}\", \"serve\", \"/etc/registry/config.yml\"]");
    let import = Command::new("docker")
        .arguments(["import", "--change", &entrypoint])
        .argument(file.path())
        .argument(image);
    import.run().await.map(drop).map_err(words)
}

async fn add_node(engine: &Docker, image: &str, cluster: &ClusterName) {
    let labels = [
        ("io.x-k8s.kind.cluster", cluster.as_str()),
        ("io.x-k8s.kind.role", "control-plane"),
    ];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some(labels.into()),
        volumes: Some(vec!["/var".to_owned()]),
        host_config: Some(HostConfig {
            network_mode: Some(NETWORK.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let options = CreateContainerOptions {
        name: Some(format!("{cluster}-control-plane")),
        ..Default::default()
    };
    engine.create_container(Some(options), body).await.unwrap();
}

/// Asks a cache over TLS that is verified against the authority in its mirror, as a node does.
async fn ask(engine: &Docker, endpoint: &str, ca: &str) -> reqwest::StatusCode {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let name = endpoint
        .trim_start_matches("https://")
        .trim_end_matches(":5000");
    let container = engine.inspect_container(name, None).await.unwrap();
    let networks = container.network_settings.unwrap().networks.unwrap();
    let address = networks[NETWORK].ip_address.clone().unwrap();
    let ca = reqwest::Certificate::from_pem(ca.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([ca])
        .no_proxy()
        .resolve(name, format!("{address}:5000").parse().unwrap())
        .build()
        .unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        match client.get(format!("{endpoint}/v2/")).send().await {
            Ok(answer) => return answer.status(),
            // It was started a moment ago.
            Err(error) if error.is_connect() && tokio::time::Instant::now() < deadline => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_real_engine_has_nodes_and_a_cache_and_afterwards_neither() {
    let Ok(engine) = Docker::connect_with_defaults() else {
        return eprintln!("skipped: needs Docker");
    };
    let Ok(engine) = engine.negotiate_version().await else {
        return eprintln!("skipped: needs Docker: it does not answer");
    };
    if !Path::new(PROGRAM).exists() {
        return eprintln!("skipped: needs {PROGRAM} (Debian's docker-registry)");
    }
    if engine.inspect_network(NETWORK, None).await.is_ok() {
        return eprintln!(
            "skipped: needs an engine without Kind clusters: there is a network {NETWORK}"
        );
    }
    let of_a_user = ImageCache::at(&engine, "/does/not/exist").status().await;
    if of_a_user
        .unwrap()
        .iter()
        .any(|status| status.state != CacheState::Absent)
    {
        return eprintln!("skipped: needs an engine without an image cache");
    }
    let image = format!("konflux-local-test/registry:{}", std::process::id());
    import(&image).await.unwrap();
    let cluster: ClusterName = format!("konflux-test-{}", std::process::id())
        .parse()
        .unwrap();
    let story = AssertUnwindSafe(story(&engine, &image, &cluster)).catch_unwind();
    let told = story.await;
    clean_up(&engine, &image, &cluster).await;
    told.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Whatever the story left, in the order in which it can go. What is gone already is as it should be.
async fn clean_up(engine: &Docker, image: &str, cluster: &ClusterName) {
    let folder = tempfile::tempdir().unwrap();
    let network = NetworkRecord::at(folder.path().join("network.json"));
    let cache = ImageCache::at(engine, folder.path().join("cache"));
    let cache = cache.remove(&network).await;
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..Default::default()
    };
    let node = format!("{cluster}-control-plane");
    let _gone = engine.remove_container(&node, Some(options)).await;
    let _gone = engine.remove_network(NETWORK).await;
    let options = None::<RemoveImageOptions>;
    engine.remove_image(image, options, None).await.unwrap();
    cache.unwrap();
}

/// A manifest's link, where the registry keeps it: it tells of an image, running or not.
async fn holds_what_it_was_given(engine: &Docker, cache: &ImageCache<'_>) {
    let digest = format!("sha256:{}", "a".repeat(64));
    let mut archive = tar::Builder::new(Vec::new());
    for link in [
        format!("revisions/sha256/{}/link", "a".repeat(64)),
        "tags/1.0/current/link".to_owned(),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(digest.len() as u64);
        header.set_mode(0o644);
        let path =
            format!("var/lib/registry/docker/registry/v2/repositories/team/app/_manifests/{link}");
        let appended = archive.append_data(&mut header, path, digest.as_bytes());
        appended.unwrap();
    }
    let body = bollard::body_full(archive.into_inner().unwrap().into());
    let options = UploadToContainerOptions {
        path: "/".to_owned(),
        ..Default::default()
    };
    let name = "konflux-local-cache-quay-io";
    let uploaded = engine.upload_to_container(name, Some(options), body);
    uploaded.await.unwrap();
    let other = format!("sha256:{}", "b".repeat(64));
    for stopped in [false, true] {
        if stopped {
            engine.stop_container(name, None).await.unwrap();
        }
        for (host, repository, version, held) in [
            ("quay.io", "team/app", Version::Digest(&digest), true),
            ("quay.io", "team/app", Version::Tag("1.0"), true),
            ("quay.io", "team/app", Version::Digest(&other), false),
            ("quay.io", "team/app", Version::Tag("2.0"), false),
            ("quay.io", "team", Version::Digest(&digest), false),
            ("docker.io", "team/app", Version::Digest(&digest), false),
            (
                "elsewhere.example",
                "team/app",
                Version::Digest(&digest),
                false,
            ),
        ] {
            let found = cache.holds(host, repository, version).await.unwrap();
            assert_eq!(found, held, "{host}/{repository} {version:?}");
        }
    }
    engine.start_container(name, None).await.unwrap();
}

async fn story(engine: &Docker, image: &str, cluster: &ClusterName) {
    let fake = FakeKind::healthy();
    let network = NetworkRecord::at(fake.path("network.json"));
    network.note(engine).await.unwrap();
    let request = NetworkCreateRequest {
        name: NETWORK.to_owned(),
        ..Default::default()
    };
    engine.create_network(request).await.unwrap();
    network.note(engine).await.unwrap();

    let cache = ImageCache::at(engine, fake.path("cache"))
        .image(image)
        .offline();
    let (mirrors, changed) = cache.ensure().await.unwrap();
    assert_eq!(changed.len(), 5);
    assert!(cache.attach().await.unwrap());
    let status = cache.status().await.unwrap();
    assert!(
        status
            .iter()
            .all(|status| status.state == CacheState::Serving),
        "{status:?}"
    );
    for mirror in &mirrors {
        assert_eq!(ask(engine, &mirror.endpoint, &mirror.ca).await, 200);
    }
    assert!(cache.ensure().await.unwrap().1.is_empty() && !cache.attach().await.unwrap());

    holds_what_it_was_given(engine, &cache).await;

    add_node(engine, image, cluster).await;
    let found = inspect(engine, cluster).await.unwrap().unwrap();
    assert!(!found.nodes[0].running && found.nodes[0].volumes.len() == 1);
    assert_eq!(start_stopped(engine, &found).await.unwrap().len(), 1);
    let memory = NodeMemory::new(1, u64::MAX);
    assert_eq!(limit_memory(engine, &found, memory).await.unwrap().len(), 1);
    let found = inspect(engine, cluster).await.unwrap().unwrap();
    assert_eq!(found.nodes[0].memory_limit, Some(1 << 30));
    assert!(found.nodes[0].running);
    assert!(
        limit_memory(engine, &found, memory)
            .await
            .unwrap()
            .is_empty()
    );

    let kubeconfig = fake.path("kubeconfig");
    let work_folder = fake.work_folder();
    let belongings = Belongings {
        name: cluster,
        kubeconfig: &kubeconfig,
        work_folder: &work_folder,
        network: &network,
    };
    // A `kind` that says that it deleted the nodes, and did not.
    let kind = fake.kind();
    let left = destroy(&kind, Some(engine), belongings)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        left.contains(&format!("container {cluster}-control-plane, volume ")),
        "{left}"
    );
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..Default::default()
    };
    let node = format!("{cluster}-control-plane");
    engine.remove_container(&node, Some(options)).await.unwrap();
    let destroyed = destroy(&kind, Some(engine), belongings).await.unwrap();
    assert!(matches!(destroyed.network, Some(NetworkFate::InUse(users)) if users.len() == 5));
    let removed = cache.remove(&network).await.unwrap();
    assert_eq!((removed.containers.len(), removed.volumes.len()), (5, 5));
    assert_eq!(removed.network, NetworkFate::Removed);
}
