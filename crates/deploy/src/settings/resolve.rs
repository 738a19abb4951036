//! From the three sources to one checked set of settings.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use cluster::registry_access::RegistryAuth;
use cluster::{ClusterKind, Flavour};
use secrecy::{ExposeSecret, SecretString};

use super::env_file::{self, EnvFileError};
use super::konflux_resource::{self, KonfluxResourceError};
use super::table::{self, Kind, SETTINGS, Setting};

/// Where a value came from, as an error names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An argument of the command.
    Argument(String),
    /// A variable of the environment.
    Environment,
    /// A line of the env file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

/// Where settings are read from, strongest first.
#[derive(Debug, Default)]
pub struct Sources {
    /// Values of arguments, with the argument's name: `("KONFLUX_CR", "KONFLUX_CR", "my.yaml")`.
    pub arguments: Vec<(&'static str, String, String)>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The env file. One that was asked for must exist.
    pub env_file: Option<PathBuf>,
}

/// The settings of a deployment: known names, values of the right kind, no contradictions. Every value is kept as a
/// secret, so that none is printed by accident.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<&'static str, (SecretString, Origin)>,
}

/// The settings cannot be used. Nothing was created.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The env file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The env file is no list of assignments.
    #[error("{path}, {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: EnvFileError,
    },
    /// The env file has a name that is no setting.
    #[error("{path}, line {line}: `{name}` is no setting; did you mean `{nearest}`?")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The name found.
        name: String,
        /// The closest known name.
        nearest: &'static str,
    },
    /// The env file sets one name twice.
    #[error("{path}, line {line}: `{name}` is set a second time; remove one of the two lines")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The second line.
        line: usize,
        /// The name.
        name: String,
    },
    /// A value is not of its setting's kind.
    #[error("{name} from {origin} must be {expected}{found}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Where the value is from.
        origin: Origin,
        /// What it must be.
        expected: String,
        /// `, not "…"` unless the value is a secret.
        found: String,
    },
    /// One of two settings that only work together.
    #[error(
        "{present} is set ({origin}) and {absent} is not: {why}; set {absent}, or switch the other off with `{present}=`"
    )]
    OneOfTwo {
        /// The one that is set.
        present: &'static str,
        /// Where it is set.
        origin: Origin,
        /// The one that is missing.
        absent: &'static str,
        /// Why one is of no use without the other.
        why: &'static str,
    },
    /// The Konflux resource cannot be used.
    #[error(transparent)]
    KonfluxResource(#[from] KonfluxResourceError),
    /// A setting asks for something that the chosen cluster does not have.
    #[error(
        "{name} is set ({origin}), and the {cluster} cluster {reason}; switch it off with `{name}=`"
    )]
    NotThere {
        /// The setting.
        name: &'static str,
        /// Where it is set.
        origin: Origin,
        /// The chosen cluster.
        cluster: ClusterKind,
        /// What it lacks.
        reason: &'static str,
    },
}

impl Settings {
    /// Reads and checks every source. Nothing is created, started or asked.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], with file and line where there are any.
    pub fn resolve(sources: &Sources) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some(path) = &sources.env_file {
            settings.read_file(path)?;
        }
        for setting in SETTINGS {
            let variable = sources
                .environment
                .iter()
                .find(|(name, _)| name == setting.name);
            if let Some((_, value)) = variable {
                settings.set(setting, value, Origin::Environment)?;
            }
        }
        for (name, argument, value) in &sources.arguments {
            let setting =
                table::find(name).expect("arguments are declared with names of the table");
            settings.set(setting, value, Origin::Argument(argument.clone()))?;
        }
        settings.check_contradictions()?;
        Ok(settings)
    }

    /// Refuses what the chosen cluster cannot honour, and lists what has no effect on it.
    ///
    /// # Errors
    ///
    /// [`SettingsError::NotThere`] where ignoring the setting would deceive.
    pub fn for_cluster(
        &self,
        cluster: ClusterKind,
        flavour: Flavour,
    ) -> Result<Vec<String>, SettingsError> {
        if flavour == Flavour::StandIns
            && let Some((_, origin)) = self.values.get("QUAY_TOKEN")
        {
            let reason = "with the stand-ins has no image-controller yet";
            return Err(SettingsError::NotThere {
                name: "QUAY_TOKEN",
                origin: origin.clone(),
                cluster,
                reason,
            });
        }
        if cluster != ClusterKind::Embedded
            && self.registry_auth() != RegistryAuth::None
            && let Some((_, origin)) = self.values.get("REGISTRY_AUTH")
        {
            return Err(SettingsError::NotThere {
                name: "REGISTRY_AUTH",
                origin: origin.clone(),
                cluster,
                reason: "has a registry without a login only, so far",
            });
        }
        let ignored = self.values.iter().filter_map(|(name, (value, origin))| {
            let setting = table::find(name)?;
            let default = setting.default == Some(value.expose_secret());
            let applies = setting.clusters.contains(&cluster) || default;
            let follows = flavour == Flavour::StandIns && table::FOLLOWS.contains(name);
            match (applies, follows) {
                (false, _) => Some(format!(
                    "{name} ({origin}) has no effect on the {cluster} cluster"
                )),
                (true, true) if !default => {
                    Some(format!("{name} ({origin}) has no effect in this version"))
                }
                (true, _) => None,
            }
        });
        Ok(ignored.collect())
    }

    /// Was this setting set by anybody?
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn secret(&self, name: &str) -> Option<&SecretString> {
        self.values.get(name).map(|(value, _)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let given = self
            .values
            .get(name)
            .map(|(value, _)| value.expose_secret());
        given.or_else(|| table::find(name).and_then(|setting| setting.default))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let path = path.to_owned();
        let text = std::fs::read_to_string(&path).map_err(|source| SettingsError::File {
            path: path.clone(),
            source,
        })?;
        let assignments = env_file::parse(&text).map_err(|source| SettingsError::Malformed {
            path: path.clone(),
            source,
        })?;
        let mut seen = Vec::new();
        for assignment in assignments {
            let (line, name) = (assignment.line, assignment.name);
            let Some(setting) = table::find(&name) else {
                let nearest = table::nearest(&name);
                return Err(SettingsError::Unknown {
                    path,
                    line,
                    name,
                    nearest,
                });
            };
            if seen.contains(&setting.name) {
                return Err(SettingsError::Twice { path, line, name });
            }
            seen.push(setting.name);
            self.set(
                setting,
                &assignment.value,
                Origin::File {
                    path: path.clone(),
                    line,
                },
            )?;
        }
        Ok(())
    }

    /// An empty value switches off what a weaker source set.
    fn set(
        &mut self,
        setting: &'static Setting,
        value: &str,
        origin: Origin,
    ) -> Result<(), SettingsError> {
        if value.is_empty() {
            self.values.remove(setting.name);
            return Ok(());
        }
        if !setting.kind.accepts(value) {
            let found = if setting.kind == Kind::Secret {
                String::new()
            } else {
                format!(", not {value:?}")
            };
            return Err(SettingsError::Value {
                name: setting.name,
                origin,
                expected: setting.kind.words(),
                found,
            });
        }
        self.values
            .insert(setting.name, (SecretString::from(value), origin));
        Ok(())
    }

    fn check_contradictions(&self) -> Result<(), SettingsError> {
        for (present, absent) in [
            ("QUAY_TOKEN", "QUAY_ORGANIZATION"),
            ("QUAY_ORGANIZATION", "QUAY_TOKEN"),
        ] {
            if let (Some((_, origin)), None) = (self.values.get(present), self.values.get(absent)) {
                return Err(SettingsError::OneOfTwo {
                    present,
                    origin: origin.clone(),
                    absent,
                    why: "image-controller needs both",
                });
            }
        }
        if let (Some((_, origin)), None) = (
            self.values.get("REGISTRY_ENDPOINT"),
            self.values.get("REGISTRY_CA"),
        ) {
            return Err(SettingsError::OneOfTwo {
                present: "REGISTRY_ENDPOINT",
                origin: origin.clone(),
                absent: "REGISTRY_CA",
                why: "its certificate is always verified",
            });
        }
        if let Some(path) = self.text("KONFLUX_CR") {
            konflux_resource::check(Path::new(path), self.is_set("QUAY_TOKEN"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => write!(formatter, "argument {name}"),
            Self::Environment => formatter.write_str("the environment"),
            Self::File { path, line } => write!(formatter, "{}, line {line}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests;
