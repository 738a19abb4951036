//! A deployment whose registry asks for a login, accounts of it, and files with their logins.

use std::path::PathBuf;

use cluster::registry_access::{Accounts, RepositoryRight};
use cluster::{DeploymentName, StateRoot};
use serde_json::{Map, Value, json};

use crate::support::{Ran, Sandbox};

/// The registry of a deployment as pods know it.
pub(crate) const HOST: &str = "registry-service.kind-registry.svc.cluster.local";
/// The password of every account that a test makes.
pub(crate) const PASSWORD: &str = "s3cret-value-of-a-test";

impl Sandbox {
    /// A deployment with a login, and the samples in it.
    pub(crate) fn with_registry_login() -> Self {
        let sandbox = Self::new();
        let ran = sandbox.run(&["deploy-local", "--registry-auth", "htpasswd"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/samples");
        sandbox.kubectl_done(&["apply", "-f", samples]);
        sandbox
    }

    /// An account of the registry, and a file with its login.
    pub(crate) fn robot(&self, name: &str, rights: &[RepositoryRight]) -> String {
        let directory = StateRoot::at(self.state()).deployment(&DeploymentName::default());
        let password = PASSWORD.into();
        Accounts::of(&directory)
            .set(name, &password, rights)
            .unwrap();
        self.auth_file(&[(HOST, name)])
    }

    /// A docker config with these registries and user names; its path.
    pub(crate) fn auth_file(&self, logins: &[(&str, &str)]) -> String {
        let login = |name: &str| json!({"username": name, "password": PASSWORD});
        let entries = logins
            .iter()
            .map(|(host, name)| ((*host).to_owned(), login(name)));
        let auths: Map<String, Value> = entries.collect();
        self.file("auth.json", &json!({"auths": auths}).to_string())
    }

    /// A file in the sandbox; its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Where `podman login` would write.
    pub(crate) fn default_auth_file(&self) -> PathBuf {
        self.folder().join("run/containers/auth.json")
    }

    /// `cargo xtask registry`, with no logins but those in the sandbox.
    pub(crate) fn registry(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.registry_command(arguments).output().unwrap())
    }

    pub(crate) fn registry_command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.command(&["registry"]);
        command
            .args(arguments)
            // Without it, the logins of whoever runs the tests would be found.
            .env("XDG_RUNTIME_DIR", self.folder().join("run"));
        command
    }

    pub(crate) fn kubectl_done(&self, arguments: &[&str]) -> String {
        let ran = self.kubectl(arguments);
        assert_eq!(ran.code, Some(0), "kubectl {arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    /// A field of an object, as kubectl's JSON path writes it.
    pub(crate) fn field(&self, namespace: &str, object: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.kubectl_done(&["get", object, "-n", namespace, "-o", &path])
    }

    pub(crate) fn has(&self, namespace: &str, object: &str) -> bool {
        let found = self.kubectl_done(&[
            "get",
            object,
            "-n",
            namespace,
            "--ignore-not-found",
            "-o",
            "name",
        ]);
        !found.is_empty()
    }
}

impl Ran {
    /// Ended with this code, and said all of this on standard error.
    pub(crate) fn expect(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stderr, self.stdout);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "no `{word}` in:\n{}",
                self.stderr
            );
        }
        for text in [&self.stderr, &self.stdout] {
            assert!(!text.contains(PASSWORD), "the password is in:\n{text}");
        }
        self
    }
}
