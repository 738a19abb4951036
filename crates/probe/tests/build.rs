//! `probe build`: what Dockerfiles become.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its input has failed"
)]

mod support;

use std::path::Path;

use oci::{Layout, ManifestContent};
use serde_json::{Value, json};
use support::{Server, Step, registry_router};

const BUILD: &str = "build --context context --dockerfile Dockerfile --output image";

/// The configuration, and for each layer its entries as `path mode`.
fn image(layout: &Path) -> (Value, Vec<Vec<String>>) {
    let layout = Layout::open(layout).unwrap();
    let ManifestContent::Image(manifest) =
        layout.manifest(&layout.image().unwrap()).unwrap().content
    else {
        panic!("not an image");
    };
    let config = std::fs::read(layout.blob_path(&manifest.config.digest)).unwrap();
    let layers = manifest.layers.iter().map(|layer| {
        let file = std::fs::File::open(layout.blob_path(&layer.digest)).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            format!(
                "{} {:o}",
                entry.path().unwrap().display(),
                entry.header().mode().unwrap()
            )
        });
        entries.collect()
    });
    (serde_json::from_slice(&config).unwrap(), layers.collect())
}

fn digest(layout: &Path) -> String {
    Layout::open(layout)
        .unwrap()
        .image()
        .unwrap()
        .digest
        .to_string()
}

/// A step whose context has these files, each with its name as content, and this Dockerfile.
fn step(files: &[&str], dockerfile: &str) -> Step {
    let step = Step::new();
    std::fs::create_dir(step.path("context")).unwrap();
    for file in files {
        step.write(&format!("context/{file}"), file);
    }
    step.write("context/Dockerfile", dockerfile);
    step
}

#[tokio::test]
async fn the_sample_component_is_built_the_same_twice() {
    let sample =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sources/sample-component");
    let sample = sample.canonicalize().unwrap();
    let step = Step::new();
    for output in ["one", "two"] {
        let arguments = format!(
            "build --context {0} --dockerfile {0}/Dockerfile --output {output} --label a=b",
            sample.display()
        );
        step.probe_succeeds(&arguments).await;
    }
    assert_eq!(digest(&step.path("one")), digest(&step.path("two")));
    let (config, layers) = image(&step.path("one"));
    assert_eq!(config["config"]["Labels"]["a"], "b");
    assert!(layers.len() > 1, "the sample has several layers");
}

#[tokio::test]
async fn every_instruction_does_what_it_says() {
    let step = step(
        &["app/main", "app/lib/x", "a.txt", "b.txt"],
        r#"FROM scratch
ENV HOME_DIR=/srv/app QUOTED="x y"
ENV PATH=/bin:$HOME_DIR
WORKDIR ${HOME_DIR}
COPY app .
COPY --chown=root:root *.txt docs/
COPY a.txt /renamed
LABEL version="1" "with space"=yes old=$QUOTED
WORKDIR ../other
USER 1001:0
EXPOSE 80 53/udp
CMD ["serve"]
ENTRYPOINT /run $HOME_DIR
"#,
    );
    step.probe_succeeds(&format!("{BUILD} --label version=2 --platform linux/arm64"))
        .await;
    let (config, layers) = image(&step.path("image"));
    assert_eq!(config["architecture"], "arm64");
    assert_eq!(
        config["config"],
        json!({
            "Env": ["HOME_DIR=/srv/app", "QUOTED=x y", "PATH=/bin:/srv/app"],
            "WorkingDir": "/srv/other",
            "User": "1001:0",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "Labels": {"version": "2", "with space": "yes", "old": "x y"},
            "Cmd": ["serve"],
            "Entrypoint": ["/bin/sh", "-c", "/run $HOME_DIR"],
        })
    );
    assert_eq!(
        layers[0],
        [
            "srv/ 755",
            "srv/app/ 755",
            "srv/app/lib/ 755",
            "srv/app/lib/x 644",
            "srv/app/main 644"
        ]
    );
    assert_eq!(
        layers[1],
        [
            "srv/app/docs/ 755",
            "srv/app/docs/a.txt 644",
            "srv/app/docs/b.txt 644"
        ]
    );
    assert_eq!(layers[2], ["renamed 644"]);
    assert_eq!(config["history"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn a_file_goes_into_a_directory_that_an_earlier_copy_made() {
    let step = step(
        &["a/x", "b"],
        "FROM scratch\nCOPY a /etc\nCOPY b /etc\nCOPY [\"b\", \"/with space/\"]\n",
    );
    step.probe_succeeds(BUILD).await;
    let (_, layers) = image(&step.path("image"));
    assert_eq!(layers[1], ["etc/b 644"]);
    assert_eq!(layers[2], ["with space/ 755", "with space/b 644"]);
}

#[tokio::test]
async fn a_broken_dockerfile_fails_with_its_line_and_builds_nothing() {
    for (dockerfile, text) in [
        (
            "FROM scratch\n\nRUN make\n",
            "Dockerfile: line 3: probe build does not carry out RUN",
        ),
        (
            "FROM scratch\nCOPY missing /\n",
            "line 2: `missing` does not exist in the build context",
        ),
        (
            "FROM scratch\nCOPY *.md /\n",
            "line 2: nothing in the build context matches `*.md`",
        ),
        (
            "FROM scratch\nCOPY a Dockerfile /x\n",
            "line 2: COPY of several sources needs a destination that ends with `/`",
        ),
        (
            "FROM scratch\nCOPY ../secret /\n",
            "line 2: `../secret` leaves the build context",
        ),
        (
            "FROM scratch\nENV A=$UNSET\n",
            "line 2: `$UNSET` is not set",
        ),
        (
            "FROM scratch\nEXPOSE http\n",
            "line 2: `http` is not a port",
        ),
        (
            "FROM scratch\nCOPY [a-/ /\n",
            "line 2: `[a-` is not a pattern",
        ),
    ] {
        let step = step(&["a"], dockerfile);
        step.write("secret", "secret");
        step.probe_fails(BUILD, text).await;
        assert!(!step.path("image/index.json").exists(), "{dockerfile}");
    }
}

#[tokio::test]
async fn an_image_is_built_upon_and_keeps_what_the_base_says() {
    let server = Server::start(registry_router()).await;
    let base = step(
        &["base"],
        "FROM scratch\nCOPY base /etc/base\nENV A=1\nCMD [\"base\"]\nENTRYPOINT [\"base\"]\n",
    );
    base.write("ca.crt", &server.authority);
    base.probe_succeeds(BUILD).await;
    base.probe_succeeds(&format!(
        "push --layout image --image {}/base:v1 --ca-file ca.crt",
        server.host
    ))
    .await;

    let step = step(
        &["own"],
        &format!(
            "FROM {}/base:v1\nCOPY own /etc\nENV B=$A-2\nENTRYPOINT [\"own\"]\n",
            server.host
        ),
    );
    step.write("ca.crt", &server.authority);
    step.probe_succeeds(&format!("{BUILD} --ca-file ca.crt"))
        .await;
    let (config, layers) = image(&step.path("image"));
    assert_eq!(
        config["config"],
        json!({"Env": ["A=1", "B=1-2"], "Entrypoint": ["own"]}),
        "ENTRYPOINT clears the base's CMD"
    );
    assert_eq!(
        layers,
        [vec!["etc/ 755", "etc/base 644"], vec!["etc/own 644"]]
    );
    step.probe_fails(
        "build --context context --dockerfile Dockerfile --output other --platform linux/s390x --ca-file ca.crt",
        "line 1: platform missing",
    )
    .await;
}
