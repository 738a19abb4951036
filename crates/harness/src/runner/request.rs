//! What `cargo xtask conformance` asks of the suite.

use std::path::PathBuf;

use cluster::DeploymentName;
use serde::{Deserialize, Serialize};

/// A run of the suite as `cargo xtask conformance` asks for it, in the environment variable [`Request::VARIABLE`] as JSON.
///
/// Without the variable (`cargo test`), every scenario runs against an embedded deployment of the suite's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Request {
    /// The folder that holds the deployment to test. Given together with `name`; without both, the suite makes an
    /// embedded deployment for the run.
    pub state_root: Option<PathBuf>,
    /// The deployment to test.
    pub name: Option<DeploymentName>,
    /// Run only scenarios whose name contains one of these; `*` stands for any text. Empty: all.
    pub scenarios: Vec<String>,
    /// Where `summary.txt`, `junit.xml`, `report.json` and the evidence of failures go. Without it, evidence goes to the
    /// deployment's folder and there are no reports.
    pub report_dir: Option<PathBuf>,
    /// Leave namespaces and images of the scenarios in place. Only for a deployment that outlives the run.
    pub keep: bool,
    /// List the scenarios and run none.
    pub list: bool,
}

/// The variable's content is not a request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It is not the JSON of a request.
    #[error("{variable} is not a conformance request: {0}", variable = Request::VARIABLE)]
    Malformed(#[from] serde_json::Error),
    /// It is not text.
    #[error("{} is not text", Request::VARIABLE)]
    NotText,
    /// One of two fields that only make sense together.
    #[error(
        "{}: stateRoot and name belong together, and one of them is missing",
        Request::VARIABLE
    )]
    HalfADeployment,
    /// Nothing would be there to look at.
    #[error(
        "{}: keep needs a deployment that outlives the run; give stateRoot and name",
        Request::VARIABLE
    )]
    NothingToKeep,
}

impl Request {
    /// The environment variable that carries a request.
    pub const VARIABLE: &'static str = "KONFLUX_LOCAL_CONFORMANCE";

    /// Reads the request of this process, `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    pub fn from_environment() -> Result<Option<Self>, RequestError> {
        let Some(value) = std::env::var_os(Self::VARIABLE) else {
            return Ok(None);
        };
        Self::parse(value.to_str().ok_or(RequestError::NotText)?).map(Some)
    }

    /// Reads a request from JSON.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let request: Self = serde_json::from_str(text)?;
        if request.state_root.is_some() != request.name.is_some() {
            return Err(RequestError::HalfADeployment);
        }
        if request.keep && request.name.is_none() {
            return Err(RequestError::NothingToKeep);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = Request {
            state_root: Some("/state".into()),
            name: Some(DeploymentName::default()),
            scenarios: vec!["build*".to_owned()],
            report_dir: Some("/reports".into()),
            keep: true,
            list: false,
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(Request::parse(&text).unwrap(), request);
        assert_eq!(Request::parse("{}").unwrap(), Request::default());
    }

    #[test]
    fn a_wrong_request_is_refused_by_what_is_wrong() {
        let error = |text: &str| Request::parse(text).unwrap_err();
        assert!(matches!(
            error(r#"{"name": "konflux"}"#),
            RequestError::HalfADeployment
        ));
        assert!(matches!(
            error(r#"{"keep": true}"#),
            RequestError::NothingToKeep
        ));
        assert!(matches!(
            error(r#"{"sceanrios": []}"#),
            RequestError::Malformed(_)
        ));
        assert!(
            error(r#"{"name": "Not A Name", "stateRoot": "/s"}"#)
                .to_string()
                .contains("Not A Name")
        );
    }
}
