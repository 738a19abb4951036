//! Which cluster a deployment uses, and why.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where the Kubernetes API and the registry come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterKind {
    /// A Kind cluster in a container engine.
    Kind,
    /// The cluster of a kubeconfig context.
    Existing,
    /// The in-process cluster of this program.
    Embedded,
}

/// Who acts on Konflux resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flavour {
    /// The real Konflux operator and its controllers.
    Operator,
    /// Our small models of the Konflux controllers.
    StandIns,
}

/// What `--cluster` asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClusterChoice {
    /// Take the best cluster that this host can run.
    #[default]
    Auto,
    /// Exactly this one, never another.
    Named(ClusterKind),
}

/// A decided cluster, with the reason that is printed as the first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The cluster to use.
    pub cluster: ClusterKind,
    /// Why this one, as a lowercase fragment.
    pub reason: String,
}

/// What is asked for cannot be had from this version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChoiceError {
    /// The real operator is part of the design, and not built yet.
    #[error(
        "--konflux operator is not supported by this version, and it is the default on the {0} cluster; use --konflux stand-ins"
    )]
    NoOperator(ClusterKind),
}

/// What is known when a cluster is chosen.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The cluster of the deployment, where it is there already.
    pub deployed: Option<ClusterKind>,
    /// Who was asked for to act on Konflux resources.
    pub flavour: Option<Flavour>,
}

/// Decides which cluster to use. `kind` tells whether a Kind cluster can be had, and is asked only where that matters.
///
/// # Errors
///
/// A cluster asked for by name is never replaced by another: one that cannot be provided is an error.
pub async fn choose<E: fmt::Display>(
    asked: ClusterChoice,
    known: &Knowledge,
    kind: impl AsyncFnOnce() -> Result<(), E>,
) -> Result<Choice, ChoiceError> {
    let choice = |cluster, reason: String| Choice { cluster, reason };
    let choice = match (asked, known.deployed) {
        (ClusterChoice::Named(cluster), _) => choice(cluster, "asked for by name".to_owned()),
        (ClusterChoice::Auto, Some(cluster)) => {
            choice(cluster, "the deployment is there already".to_owned())
        }
        // Kind's default is the operator, which is not there yet: nobody has to wait for an answer about the host.
        (ClusterChoice::Auto, None) if known.flavour != Some(Flavour::StandIns) => choice(
            ClusterKind::Embedded,
            "it needs nothing; --konflux stand-ins takes a Kind cluster where one can be had"
                .to_owned(),
        ),
        (ClusterChoice::Auto, None) => match kind().await {
            Err(why) => choice(
                ClusterKind::Embedded,
                format!("no Kind cluster can be had: {why}"),
            ),
            Ok(()) => choice(
                ClusterKind::Kind,
                "an engine answers, kind is installed and its node image can be had".to_owned(),
            ),
        },
    };
    let operator_is_default = choice.cluster != ClusterKind::Embedded
        && known.flavour.is_none()
        && known.deployed.is_none();
    if operator_is_default || known.flavour == Some(Flavour::Operator) {
        return Err(ChoiceError::NoOperator(choice.cluster));
    }
    Ok(choice)
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Kind => "kind",
            Self::Existing => "existing",
            Self::Embedded => "embedded",
        })
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Operator => "operator",
            Self::StandIns => "stand-ins",
        })
    }
}

impl FromStr for ClusterChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "kind" => Ok(Self::Named(ClusterKind::Kind)),
            "existing" => Ok(Self::Named(ClusterKind::Existing)),
            "embedded" => Ok(Self::Named(ClusterKind::Embedded)),
            _ => Err("expected auto, kind, existing or embedded".to_owned()),
        }
    }
}

impl FromStr for Flavour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "operator" => Ok(Self::Operator),
            "stand-ins" => Ok(Self::StandIns),
            _ => Err("expected operator or stand-ins".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn chosen(asked: &str, known: Knowledge, kind: Result<(), &str>) -> String {
        let choice = choose(asked.parse().unwrap(), &known, async || kind).await;
        choice.map_or_else(
            |error| error.to_string(),
            |choice| format!("{}: {}", choice.cluster, choice.reason),
        )
    }

    fn stand_ins() -> Knowledge {
        Knowledge {
            flavour: Some(Flavour::StandIns),
            ..Knowledge::default()
        }
    }

    #[tokio::test]
    async fn a_cluster_asked_for_by_name_is_never_replaced_by_another() {
        let kind = chosen("kind", stand_ins(), Err("no engine")).await;
        assert_eq!(kind, "kind: asked for by name");
        let existing = chosen("existing", stand_ins(), Ok(())).await;
        assert_eq!(existing, "existing: asked for by name");
    }

    #[tokio::test]
    async fn auto_takes_kind_where_it_can_be_had_and_says_why_not_otherwise() {
        let can = chosen("auto", stand_ins(), Ok(())).await;
        assert!(can.starts_with("kind: an engine answers"), "{can}");
        let cannot = chosen("auto", stand_ins(), Err("no engine answers")).await;
        assert_eq!(
            cannot,
            "embedded: no Kind cluster can be had: no engine answers"
        );
    }

    #[tokio::test]
    async fn auto_asks_nobody_where_only_the_embedded_cluster_comes_into_question() {
        let nothing = Knowledge::default();
        let choice = choose(
            ClusterChoice::Auto,
            &nothing,
            async || -> Result<(), &str> { panic!("the host was asked") },
        );
        assert_eq!(choice.await.unwrap().cluster, ClusterKind::Embedded);
    }

    #[tokio::test]
    async fn auto_stays_where_the_deployment_is() {
        let known = Knowledge {
            deployed: Some(ClusterKind::Existing),
            ..Knowledge::default()
        };
        let stays = chosen("auto", known, Ok(())).await;
        assert_eq!(stays, "existing: the deployment is there already");
    }

    #[tokio::test]
    async fn the_operator_is_refused_by_name_and_by_default_on_kind() {
        let by_default = chosen("kind", Knowledge::default(), Ok(())).await;
        assert!(
            by_default.contains("use --konflux stand-ins"),
            "{by_default}"
        );
        let by_name = Knowledge {
            flavour: Some(Flavour::Operator),
            ..Knowledge::default()
        };
        let by_name = chosen("auto", by_name, Ok(())).await;
        assert!(
            by_name.contains("--konflux operator is not supported"),
            "{by_name}"
        );
    }
}
