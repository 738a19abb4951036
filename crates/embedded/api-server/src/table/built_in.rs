//! The tables of built-in kinds.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::column::{Column, ColumnType};
use super::render::{Cells, Printer};
use super::text::{count, list, or, text};
use super::{age, event, pod, service, volume_claim};

/// Makes the cells of an object's row; ages are counted up to the time given.
pub(super) type Row = fn(&Value, Timestamp) -> Vec<Value>;

const CREATION: &str =
    "CreationTimestamp is a timestamp representing the server time when this object was created.";
/// The last shown column of most kinds.
pub(super) const AGE: Column = Column::shown("Age", ColumnType::String, CREATION);
const CREATED_AT: Column = Column::shown("Created At", ColumnType::Date, CREATION);

impl Printer {
    /// The printer of a kind compiled into Kubernetes; `group` is empty for the core group. Kinds without one of their
    /// own get Kubernetes' default table: name and time of creation.
    pub(crate) fn built_in(group: &str, kind: &str) -> Self {
        let string = |name, description| Column::shown(name, ColumnType::String, description);
        let (columns, row): (Vec<Column>, Row) = match (group, kind) {
            ("", "Namespace") => (
                vec![string("Status", "The status of the namespace"), AGE],
                namespace,
            ),
            ("", "ServiceAccount") => {
                let secrets =
                    "Secrets is the list of secrets that pods running with this account may use.";
                (
                    vec![Column::shown("Secrets", ColumnType::Integer, secrets), AGE],
                    service_account,
                )
            }
            ("", "Secret") => {
                let data = Column::shown(
                    "Data",
                    ColumnType::Integer,
                    "Data contains the secret data.",
                );
                (
                    vec![
                        string(
                            "Type",
                            "Used to facilitate programmatic handling of secret data.",
                        ),
                        data,
                        AGE,
                    ],
                    secret,
                )
            }
            ("", "ConfigMap") => {
                let data = "Data contains the configuration data.";
                (
                    vec![Column::shown("Data", ColumnType::Integer, data), AGE],
                    config_map,
                )
            }
            ("", "Pod") => (pod::columns(), pod::row),
            ("" | "events.k8s.io", "Event") => {
                return Self {
                    columns: event::columns(),
                    cells: Cells::BuiltIn(event::row),
                };
            }
            ("", "PersistentVolumeClaim") => (volume_claim::columns(), volume_claim::row),
            ("", "Service") => (service::columns(), service::row),
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
                let columns = vec![
                    string("Role", "The role that is granted"),
                    AGE,
                    Column::wide("Users", "Users in the binding"),
                    Column::wide("Groups", "Groups in the binding"),
                    Column::wide("ServiceAccounts", "ServiceAccounts in the binding"),
                ];
                (columns, role_binding)
            }
            ("coordination.k8s.io", "Lease") => (
                vec![string("Holder", "The holder of the lease"), AGE],
                lease,
            ),
            _ => (vec![CREATED_AT], created_at),
        };
        let columns = std::iter::once(Column::NAME).chain(columns).collect();
        Self {
            columns,
            cells: Cells::BuiltIn(row),
        }
    }
}

/// The cell of the name column.
pub(super) fn name(object: &Value) -> Value {
    text(object, "/metadata/name").into()
}

/// The cell of the age column.
pub(super) fn age_of(object: &Value, now: Timestamp) -> Value {
    age::since(object.pointer("/metadata/creationTimestamp"), now).into()
}

fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        text(object, "/status/phase").into(),
        age_of(object, now),
    ]
}

fn service_account(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        count(object, "/secrets").into(),
        age_of(object, now),
    ]
}

fn secret(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        text(object, "/type").into(),
        count(object, "/data").into(),
        age_of(object, now),
    ]
}

fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        (count(object, "/data") + count(object, "/binaryData")).into(),
        age_of(object, now),
    ]
}

fn lease(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        text(object, "/spec/holderIdentity").into(),
        age_of(object, now),
    ]
}

fn created_at(object: &Value, _now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        json!(or(text(object, "/metadata/creationTimestamp"), "<unknown>")),
    ]
}

fn role_binding(object: &Value, now: Timestamp) -> Vec<Value> {
    let role = format!(
        "{}/{}",
        text(object, "/roleRef/kind"),
        text(object, "/roleRef/name")
    );
    let subjects = list(object, "/subjects");
    let cell = |kind: &str| -> Value {
        let subjects = subjects
            .iter()
            .filter(|subject| text(subject, "/kind") == kind);
        let names = subjects.map(|subject| match (kind, text(subject, "/name")) {
            ("ServiceAccount", name) => format!("{}/{name}", text(subject, "/namespace")),
            (_, name) => name.to_owned(),
        });
        names.collect::<Vec<_>>().join(", ").into()
    };
    vec![
        name(object),
        role.into(),
        age_of(object, now),
        cell("User"),
        cell("Group"),
        cell("ServiceAccount"),
    ]
}
