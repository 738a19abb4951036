//! What was acknowledged survives `kill -9`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, PostParams};
use serde_json::json;
use support::TestServer;

/// In the child: the folder to serve.
const FOLDER: &str = "API_SERVER_TEST_FOLDER";
/// How many acknowledged writes to wait for before the kill.
const ACKNOWLEDGED: usize = 200;

/// Not a test of its own: the process that is killed. It writes from eight tasks at once and prints what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn writer_process() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let server = TestServer::start_at(folder.as_ref()).await;
    let client = server.client().await;
    let tasks = (0..8).map(|task| {
        let api: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
        tokio::spawn(async move {
            for number in 0.. {
                let object = serde_json::from_value(json!({
                    "metadata": {"name": format!("written-{task}-{number}")}, "data": {"filler": "x".repeat(1000)},
                }));
                let created = api.create(&PostParams::default(), &object.unwrap()).await.unwrap();
                println!("acknowledged {}", created.metadata.name.unwrap());
            }
        })
    });
    futures::future::join_all(tasks).await;
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["writer_process", "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(writer.0.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let names = |line: String| {
        line.split_once("acknowledged ")
            .map(|(_, name)| name.to_owned())
    };
    let mut acknowledged: Vec<String> = lines
        .by_ref()
        .filter_map(names)
        .take(ACKNOWLEDGED)
        .collect();
    writer.0.kill().unwrap();
    // The pipe may hold more of them; the last line may be cut.
    acknowledged.extend(lines.filter_map(names));
    drop(writer);
    acknowledged.truncate(acknowledged.len() - 1);
    assert!(
        acknowledged.len() >= ACKNOWLEDGED - 1,
        "only {} writes were acknowledged",
        acknowledged.len()
    );

    let server = TestServer::start_at(folder.path()).await;
    let api: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let list = api.list(&ListParams::default()).await.unwrap();
    let stored: std::collections::HashSet<String> = list
        .items
        .into_iter()
        .filter_map(|item| item.metadata.name)
        .collect();
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|name| !stored.contains(*name))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

#[tokio::test]
async fn a_data_directory_is_served_by_one_process_only() {
    let server = TestServer::start().await;
    let options = api_server::Options {
        data_dir: server.data_dir(),
        ..api_server::Options::default()
    };
    let Err(error) = api_server::ApiServer::open(options) else {
        panic!("it was opened twice")
    };
    assert!(
        matches!(error, api_server::OpenError::InUse { .. }),
        "{error}"
    );
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = api_server::Options {
        data_dir: file.path().join("data"),
        ..api_server::Options::default()
    };
    let Err(error) = api_server::ApiServer::open(options) else {
        panic!("it was opened")
    };
    assert!(
        matches!(error, api_server::OpenError::DataDirectory { .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.redb");
    std::fs::write(&path, "something else").unwrap();
    let options = api_server::Options {
        data_dir: folder.path().to_owned(),
        ..api_server::Options::default()
    };
    let Err(error) = api_server::ApiServer::open(options) else {
        panic!("it was opened")
    };
    assert!(
        matches!(error, api_server::OpenError::Database { .. }),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), "something else");
}
