//! Finding out what there is: the base endpoint, tag lists and referrers (distribution specification, section "Content Discovery").

use crate::support::client::{Answer, Client};
use crate::support::content::{IMAGE_INDEX, IMAGE_MANIFEST, descriptor, sha256, sha512};
use crate::support::stores::TestStore;
use http::Method;
use registry::Digest;
use serde_json::{Value, json};

crate::for_both_stores_and_over_tls!(
    the_base_endpoint_says_that_this_is_a_registry,
    a_repository_without_content_has_no_tag_list_and_no_referrers,
    tags_are_listed_in_order_and_in_pages,
    artifacts_are_listed_under_their_subject,
    indexes_are_listed_under_their_subject,
    referrers_of_a_subject_that_does_not_exist_are_kept_for_it,
    referrers_are_filtered_by_artifact_type,
    deleted_referrers_are_no_longer_listed,
    the_referrers_tag_of_older_clients_is_a_tag_like_any_other,
    long_referrers_lists_come_in_pages,
    methods_and_paths_that_do_not_exist_are_refused,
);

async fn the_base_endpoint_says_that_this_is_a_registry(store: TestStore) {
    let client = store.client().await;
    for path in ["/v2/", "/v2"] {
        let answer = client.get(path).await.expect(200);
        assert_eq!(
            answer.header("docker-distribution-api-version"),
            "registry/2.0"
        );
    }
}

async fn a_repository_without_content_has_no_tag_list_and_no_referrers(store: TestStore) {
    let client = store.client().await;
    client
        .get("/v2/nothing/here/tags/list")
        .await
        .expect_error(404, "NAME_UNKNOWN");
    for digest in [sha256(b"x"), sha512(b"x")] {
        assert_eq!(
            referrers(&client, "nothing/here", &digest, "").await,
            json!([])
        );
    }
    client
        .get("/v2/nothing/here/referrers/sha256:1")
        .await
        .expect_error(400, "DIGEST_INVALID");
    client
        .get("/v2/nothing/here/referrers/latest")
        .await
        .expect_error(400, "DIGEST_INVALID");
}

async fn tags_are_listed_in_order_and_in_pages(store: TestStore) {
    let client = store.client().await;
    for tag in ["v10", "v2", "V1", "latest", "1"] {
        push_index(&client, &format!("/v2/app/manifests/{tag}"), json!({})).await;
    }
    let list = async |query: &str| {
        let answer = client
            .get(&format!("/v2/app/tags/list{query}"))
            .await
            .expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let link = answer
            .headers
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        (answer.json()["tags"].clone(), link)
    };
    assert_eq!(
        list("").await,
        (json!(["1", "V1", "latest", "v10", "v2"]), None)
    );
    let next = Some("</v2/app/tags/list?n=2&last=V1>; rel=\"next\"".to_owned());
    assert_eq!(list("?n=2").await, (json!(["1", "V1"]), next));
    let next = Some("</v2/app/tags/list?n=2&last=v10>; rel=\"next\"".to_owned());
    assert_eq!(list("?n=2&last=V1").await, (json!(["latest", "v10"]), next));
    assert_eq!(list("?n=2&last=v10").await, (json!(["v2"]), None));
    assert_eq!(list("?n=5").await.1, None);
    assert_eq!(list("?n=0").await, (json!([]), None));
    assert_eq!(
        list("?last=kilo").await,
        (json!(["latest", "v10", "v2"]), None)
    );
    client
        .get("/v2/app/tags/list?n=-1")
        .await
        .expect_error(400, "UNSUPPORTED");
    client
        .get("/v2/app/tags/list?n=many")
        .await
        .expect_error(400, "UNSUPPORTED");
}

async fn artifacts_are_listed_under_their_subject(store: TestStore) {
    let client = store.client().await;
    let subject = push_index(&client, "/v2/app/manifests/subject", json!({})).await;
    let annotations = json!({ "org.example": "annotated" });
    // Without an artifact type of its own, the type is the config's.
    let by_config = push_artifact(&client, &subject, json!({})).await;
    let by_field = push_artifact(
        &client,
        &subject,
        json!({ "artifactType": "application/sbom", "annotations": annotations }),
    )
    .await;
    let mut expected = [
        json!({ "mediaType": IMAGE_MANIFEST, "digest": by_config.0, "size": by_config.1, "artifactType": "application/example.config" }),
        json!({
            "mediaType": IMAGE_MANIFEST, "digest": by_field.0, "size": by_field.1,
            "artifactType": "application/sbom", "annotations": annotations,
        }),
    ];
    expected.sort_by_key(|descriptor| descriptor["digest"].to_string());
    assert_eq!(
        referrers(&client, "app", &subject, "").await,
        json!(expected)
    );
}

async fn indexes_are_listed_under_their_subject(store: TestStore) {
    let client = store.client().await;
    let subject = push_index(&client, "/v2/app/manifests/subject", json!({})).await;
    let typed = json!({
        "subject": subject_descriptor(&subject), "annotations": { "a": "b" },
        "artifactType": "application/vnd.example.artifacts",
    });
    let index = push_index(&client, "/v2/app/manifests/index", typed).await;
    let untyped = json!({ "subject": subject_descriptor(&subject) });
    let plain = push_index(&client, "/v2/app/manifests/plain", untyped).await;
    let size = async |digest: &Digest| {
        let manifest = client.get(&format!("/v2/app/manifests/{digest}")).await;
        manifest.body.len()
    };
    let entry = json!({
        "mediaType": IMAGE_INDEX, "digest": index, "size": size(&index).await,
        "artifactType": "application/vnd.example.artifacts", "annotations": { "a": "b" },
    });
    let other = json!({ "mediaType": IMAGE_INDEX, "digest": plain, "size": size(&plain).await });
    let mut expected = [entry.clone(), other];
    expected.sort_by_key(|descriptor| descriptor["digest"].to_string());
    assert_eq!(
        referrers(&client, "app", &subject, "").await,
        json!(expected)
    );
    let query = "?artifactType=application%2Fvnd.example.artifacts";
    assert_eq!(
        referrers(&client, "app", &subject, query).await,
        json!([entry])
    );
}

async fn referrers_of_a_subject_that_does_not_exist_are_kept_for_it(store: TestStore) {
    let client = store.client().await;
    for subject in [sha256(b"not yet"), sha512(b"not yet")] {
        let (artifact, _) = push_artifact(&client, &subject, json!({})).await;
        assert_eq!(
            referrers(&client, "app", &subject, "").await[0]["digest"],
            artifact.as_str()
        );
        assert_eq!(referrers(&client, "other", &subject, "").await, json!([]));
    }
}

async fn referrers_are_filtered_by_artifact_type(store: TestStore) {
    let client = store.client().await;
    let subject = sha256(b"subject");
    let (sbom, _) = push_artifact(
        &client,
        &subject,
        json!({ "artifactType": "application/sbom+json" }),
    )
    .await;
    push_artifact(
        &client,
        &subject,
        json!({ "artifactType": "application/signature" }),
    )
    .await;
    let query = "?artifactType=application%2Fsbom%2Bjson";
    let filtered = client
        .get(&format!("/v2/app/referrers/{subject}{query}"))
        .await
        .expect(200);
    assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
    assert_eq!(filtered.json()["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(filtered.json()["manifests"][0]["digest"], sbom.as_str());
    let none = client
        .get(&format!("/v2/app/referrers/{subject}?artifactType=none"))
        .await
        .expect(200);
    assert_eq!(none.json()["manifests"], json!([]));
    let all = client
        .get(&format!("/v2/app/referrers/{subject}"))
        .await
        .expect(200);
    assert!(!all.headers.contains_key("oci-filters-applied"));
    assert_eq!(all.json()["manifests"].as_array().unwrap().len(), 2);
}

async fn deleted_referrers_are_no_longer_listed(store: TestStore) {
    let client = store.client().await;
    let subject = push_index(&client, "/v2/app/manifests/subject", json!({})).await;
    let (artifact, _) = push_artifact(&client, &subject, json!({})).await;
    // Deleting the subject leaves its referrers; deleting the referrer takes it off the list.
    client
        .delete(&format!("/v2/app/manifests/{subject}"))
        .await
        .expect(202);
    assert_eq!(
        referrers(&client, "app", &subject, "").await[0]["digest"],
        artifact.as_str()
    );
    client
        .delete(&format!("/v2/app/manifests/{artifact}"))
        .await
        .expect(202);
    assert_eq!(referrers(&client, "app", &subject, "").await, json!([]));
}

async fn the_referrers_tag_of_older_clients_is_a_tag_like_any_other(store: TestStore) {
    let client = store.client().await;
    let subject = sha256(b"subject");
    let (artifact, size) = push_artifact(&client, &subject, json!({})).await;
    let tag = subject.as_str().replace(':', "-");
    let entry = json!({ "mediaType": IMAGE_MANIFEST, "digest": artifact, "size": size });
    push_index(
        &client,
        &format!("/v2/app/manifests/{tag}"),
        json!({ "manifests": [entry] }),
    )
    .await;
    client
        .get(&format!("/v2/app/manifests/{tag}"))
        .await
        .expect(200);
    let listed = referrers(&client, "app", &subject, "").await;
    assert_eq!(
        listed.as_array().unwrap().len(),
        1,
        "the entry must not be doubled"
    );
}

async fn long_referrers_lists_come_in_pages(store: TestStore) {
    let client = store.client().await;
    let subject = sha256(b"subject");
    let mut pushed = Vec::new();
    for number in 0..3 {
        let annotations = json!({ "number": number.to_string(), "filler": "x".repeat(2_000_000) });
        pushed.push(
            push_artifact(&client, &subject, json!({ "annotations": annotations }))
                .await
                .0
                .to_string(),
        );
    }
    let mut listed = Vec::new();
    let mut next = Some(format!(
        "/v2/app/referrers/{subject}?artifactType=application%2Fexample.config"
    ));
    while let Some(path) = next {
        let answer = client.get(&path).await.expect(200);
        assert!(answer.body.len() <= 4 * 1024 * 1024);
        assert_eq!(answer.header("oci-filters-applied"), "artifactType");
        let page = answer.json()["manifests"].as_array().unwrap().clone();
        assert!(!page.is_empty());
        listed.extend(
            page.iter()
                .map(|entry| entry["digest"].as_str().unwrap().to_owned()),
        );
        let link = answer
            .headers
            .get("link")
            .map(|link| link.to_str().unwrap());
        next = link.map(|link| {
            link.strip_prefix('<')
                .unwrap()
                .strip_suffix(">; rel=\"next\"")
                .unwrap()
                .to_owned()
        });
    }
    pushed.sort();
    assert_eq!(listed, pushed);
}

async fn methods_and_paths_that_do_not_exist_are_refused(store: TestStore) {
    let client = store.client().await;
    let answer = client
        .send(Method::POST, "/v2/app/tags/list", &[], "")
        .await;
    assert_eq!(
        answer.expect_error(405, "UNSUPPORTED").header("allow"),
        "GET, HEAD"
    );
    client
        .send(Method::PATCH, "/v2/app/manifests/v1", &[], "")
        .await
        .expect_error(405, "UNSUPPORTED");
    for path in ["/", "/v1/", "/v2/app", "/v2/app/nothing"] {
        client.get(path).await.expect_error(404, "UNSUPPORTED");
    }
}

/// The `manifests` of a referrers list, after checking what every such list must have.
async fn referrers(client: &Client, repository: &str, subject: &Digest, query: &str) -> Value {
    let answer = client
        .get(&format!("/v2/{repository}/referrers/{subject}{query}"))
        .await
        .expect(200);
    assert_eq!(answer.header("content-type"), IMAGE_INDEX);
    let index = answer.json();
    assert_eq!(
        (&index["schemaVersion"], &index["mediaType"]),
        (&json!(2), &json!(IMAGE_INDEX))
    );
    index["manifests"].clone()
}

fn subject_descriptor(subject: &Digest) -> Value {
    json!({ "mediaType": IMAGE_INDEX, "digest": subject, "size": 100 })
}

/// Pushes an index with these fields on top of an empty one.
async fn push_index(client: &Client, path: &str, fields: Value) -> Digest {
    let mut document = json!({ "schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [] });
    document
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let bytes = document.to_string();
    let answer = client
        .push_manifest(path, IMAGE_INDEX, bytes.as_bytes())
        .await
        .expect(201);
    check_subject_header(&answer, &document);
    sha256(bytes.as_bytes())
}

/// Pushes an artifact that refers to a subject. Returns its digest and size.
async fn push_artifact(client: &Client, subject: &Digest, fields: Value) -> (Digest, usize) {
    client
        .push_blob("app", &sha256(b"{}"), b"{}")
        .await
        .expect(201);
    let mut document = json!({
        "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "subject": subject_descriptor(subject),
        "config": descriptor("application/example.config", b"{}"), "layers": [],
    });
    document
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let bytes = document.to_string();
    let digest = sha256(bytes.as_bytes());
    let path = format!("/v2/app/manifests/{digest}");
    let answer = client
        .push_manifest(&path, IMAGE_MANIFEST, bytes.as_bytes())
        .await
        .expect(201);
    check_subject_header(&answer, &document);
    (digest, bytes.len())
}

/// The registry confirms the subject of a manifest, and only of one that has it.
#[track_caller]
fn check_subject_header(answer: &Answer, document: &Value) {
    let confirmed = answer
        .headers
        .get("oci-subject")
        .map(|subject| subject.to_str().unwrap());
    assert_eq!(confirmed, document["subject"]["digest"].as_str());
}
