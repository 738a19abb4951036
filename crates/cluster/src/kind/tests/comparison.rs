//! A cluster that is there against one that is asked for.

use crate::kind::compare::{Difference, Field, compare};
use crate::kind::configuration::{ClusterConfiguration, render};
use crate::kind::inspect::{FoundCluster, FoundNode, FoundPort};
use crate::kind::{CERTS_D, KindSettings, NodeMemory};

use super::fake_kind::name;

const GIB: u64 = 1 << 30;

fn settings() -> KindSettings {
    KindSettings {
        certs_d: Some("/state/certs.d".into()),
        memory: Some(NodeMemory::new(8, 32 * GIB)),
        ..KindSettings::new(name())
    }
}

/// What `kind` makes of the default settings.
fn found() -> FoundCluster {
    let port = |container_port, host_port| FoundPort {
        container_port,
        address: "127.0.0.1".to_owned(),
        host_port,
    };
    FoundCluster {
        name: name(),
        nodes: vec![FoundNode {
            name: "konflux-control-plane".to_owned(),
            role: "control-plane".to_owned(),
            image: "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5".to_owned(),
            running: true,
            ports: vec![
                port(6443, 40001),
                port(30001, 5001),
                port(30002, 8443),
                port(30011, 9443),
                port(30012, 8180),
            ],
            mounts: vec![
                ("/lib/modules".to_owned(), "/lib/modules".to_owned()),
                ("/state/certs.d".to_owned(), CERTS_D.to_owned()),
            ],
            memory_limit: Some(8 * GIB),
            ..FoundNode::default()
        }],
    }
}

fn differences(asked: &KindSettings, found: &FoundCluster) -> Vec<Difference> {
    let configuration = ClusterConfiguration::read(&render(asked).unwrap()).unwrap();
    compare(&configuration, asked.memory, found)
}

#[test]
fn what_kind_makes_of_a_document_does_not_differ_from_it() {
    assert_eq!(differences(&settings(), &found()), []);
}

#[test]
fn podmans_name_of_the_same_image_is_no_difference() {
    let mut found = found();
    let digest = "sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5";
    found.nodes[0].image = format!("docker.io/kindest/node@{digest}");
    assert_eq!(differences(&settings(), &found), []);
    found.nodes[0].image = format!("localhost:5000/kindest/node@{digest}");
    assert_eq!(differences(&settings(), &found)[0].field, Field::Image);
    found.nodes[0].image = "kindest/node:v1.36.1".to_owned();
    assert_eq!(differences(&settings(), &found)[0].field, Field::Image);
}

#[test]
fn every_field_that_differs_is_listed_with_both_values() {
    let asked = KindSettings {
        node_image: Some("kindest/node:v1.37.0".to_owned()),
        memory: Some(NodeMemory::new(64, 32 * GIB)),
        registry_port: None,
        workers: 1,
        certs_d: Some("/elsewhere/certs.d".into()),
        ..settings()
    };
    let mut found = found();
    found.nodes[0].ports[2].address = "0.0.0.0".to_owned();
    found.nodes[0].ports.remove(4);
    let listed: Vec<String> = differences(&asked, &found)
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(listed.join("\n"));
}

#[test]
fn nodes_are_compared_in_the_order_in_which_kind_names_them() {
    let mut asked = settings();
    asked.workers = 11;
    let mut found = found();
    for number in 1..=11 {
        let suffix = if number == 1 {
            String::new()
        } else {
            number.to_string()
        };
        let mut worker = found.nodes[0].clone();
        worker.name = format!("konflux-worker{suffix}");
        worker.role = "worker".to_owned();
        worker.ports.clear();
        found.nodes.push(worker);
    }
    found.nodes.push(FoundNode {
        name: "konflux-external-load-balancer".to_owned(),
        role: "external-load-balancer".to_owned(),
        ..FoundNode::default()
    });
    assert_eq!(differences(&asked, &found), []);
    found.nodes[2].memory_limit = None;
    let differences = differences(&asked, &found);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].place, "konflux-worker2");
    assert_eq!(differences[0].field, Field::MemoryLimit);
}
