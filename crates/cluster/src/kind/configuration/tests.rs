//! Every variation as a snapshot, and all of them as a property.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::kind::{CERTS_D, ClusterName, KindSettings, NodeMemory, REGISTRY_NODE_PORT};

const GIB: u64 = 1 << 30;

fn settings() -> KindSettings {
    KindSettings::new("konflux".parse().unwrap())
}

#[test]
fn the_static_document_with_default_settings_keeps_its_meaning() {
    let rendered: Value = serde_saphyr::from_str(&render(&settings()).unwrap()).unwrap();
    let written: Value = serde_saphyr::from_str(STATIC).unwrap();
    assert_eq!(rendered, written);
}

#[test]
fn the_default_document() {
    insta::assert_snapshot!(render(&settings()).unwrap());
}

#[test]
fn everything_asked_for_at_once() {
    let everything = KindSettings {
        name: "other".parse().unwrap(),
        node_image: Some("example.org/node:v1".to_owned()),
        memory: Some(NodeMemory::new(8, 32 * GIB)),
        registry_port: Some(5002),
        workers: 2,
        certs_d: Some("/state/konflux/data/kind/certs.d".into()),
    };
    insta::assert_snapshot!(render(&everything).unwrap());
}

#[test]
fn without_the_registrys_port() {
    let without = KindSettings {
        registry_port: None,
        ..settings()
    };
    let document = render(&without).unwrap();
    assert!(!document.contains("30001"), "{document}");
    assert!(document.contains("30011"), "{document}");
}

#[test]
fn what_a_user_adds_to_the_static_document_stays() {
    let document = "
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
featureGates: {InPlacePodVerticalScaling: true}
nodes:
- role: control-plane
  labels: {tier: one}
  extraMounts: [{hostPath: /mine, containerPath: /mine}]
  extraPortMappings: [{containerPort: 30500, hostPort: 30500, listenAddress: 0.0.0.0}]
- role: worker
  image: mine
";
    let asked = KindSettings {
        certs_d: Some("/certs".into()),
        ..settings()
    };
    insta::assert_snapshot!(render_from(document, &asked).unwrap());
}

#[test]
fn what_is_no_configuration_of_a_cluster_is_refused() {
    let refused = |document| render_from(document, &settings()).unwrap_err().to_string();
    assert!(refused("nodes: [").contains("cannot be read"));
    assert!(refused("kind: Pod").contains("no control-plane node"));
    assert!(refused("{kind: Cluster, nodes: [{role: worker}]}").contains("no control-plane node"));
    assert!(refused("{kind: Cluster, nodes: [{extraPortMappings: 1}]}").contains("not a list"));
    assert!(ClusterConfiguration::read("{name: a, nodes: [{role: worker}]}").is_err());
}

#[test]
fn a_port_that_is_asked_for_twice_is_an_error_with_the_way_out() {
    let asked = KindSettings {
        registry_port: Some(9443),
        ..settings()
    };
    let error = render(&asked).unwrap_err().to_string();
    assert!(
        error.contains("9443") && error.contains("30011") && error.contains("REGISTRY_HOST_PORT"),
        "{error}"
    );
}

#[test]
fn a_folder_that_engines_would_take_apart_is_refused() {
    for path in ["relative", "/with:colon"] {
        let asked = KindSettings {
            certs_d: Some(path.into()),
            ..settings()
        };
        let error = render(&asked).unwrap_err();
        assert!(
            matches!(error, ConfigurationError::NotMountable { .. }),
            "{error}"
        );
    }
}

fn asked() -> impl Strategy<Value = KindSettings> {
    let memory = proptest::option::of((1u32..64, 1u64..128));
    // Strings that YAML could take for something else are names of folders, too.
    let folder = prop_oneof![
        "/[a-zA-Z0-9 #'\"{}\\[\\],&*!|>%@`~.-]{1,20}",
        Just("/null".to_owned()),
        Just("/a\nb".to_owned()),
    ];
    (
        "[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?",
        proptest::option::of("[a-z0-9./:@-]{1,30}"),
        memory,
        proptest::option::of(1024u16..8000),
        0usize..4,
        proptest::option::of(folder),
    )
        .prop_map(
            |(name, node_image, memory, registry_port, workers, certs_d)| KindSettings {
                name: name.parse::<ClusterName>().unwrap(),
                node_image,
                memory: memory.map(|(asked, engine)| NodeMemory::new(asked, engine * GIB)),
                registry_port,
                workers,
                certs_d: certs_d.map(PathBuf::from),
            },
        )
}

proptest! {
    #[test]
    fn what_is_rendered_says_what_was_asked(asked in asked()) {
        let read = ClusterConfiguration::read(&render(&asked).unwrap()).unwrap();
        prop_assert_eq!(&read.name, asked.name.as_str());
        prop_assert_eq!(read.nodes.len(), 1 + asked.workers);
        let control_plane = &read.nodes[0];
        let registry = control_plane
            .extra_port_mappings
            .iter()
            .find(|mapping| mapping.container_port == REGISTRY_NODE_PORT);
        prop_assert_eq!(registry.map(|mapping| mapping.host_port), asked.registry_port);
        for node in &read.nodes {
            prop_assert!(node.image.is_some());
            if asked.node_image.is_some() {
                prop_assert_eq!(&node.image, &asked.node_image);
            }
            let mounts: Vec<_> = node.extra_mounts.iter().map(|mount| &*mount.host_path).collect();
            let folders: Vec<_> = asked.certs_d.iter().map(|path| path.to_str().unwrap()).collect();
            prop_assert_eq!(mounts, folders);
            prop_assert!(node.extra_mounts.iter().all(|mount| mount.container_path == CERTS_D && mount.read_only));
            prop_assert!(node.extra_port_mappings.iter().all(|mapping| mapping.listen_address == "127.0.0.1"));
        }
        let reserved: Vec<Value> = control_plane
            .kubeadm_config_patches
            .iter()
            .map(|patch| serde_saphyr::from_str::<Value>(patch).unwrap())
            .filter_map(|patch| patch.pointer("/systemReserved/memory").cloned())
            .collect();
        let asked_reserved: Vec<Value> = asked
            .memory
            .iter()
            .map(|memory| format!("{}Mi", memory.reserved_mebibytes()).into())
            .collect();
        prop_assert_eq!(reserved, asked_reserved);
    }
}
