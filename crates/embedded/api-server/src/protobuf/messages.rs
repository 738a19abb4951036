//! The messages as tables of their fields.
//! Source of numbers and names: the `generated.proto` of k8s.io/api and k8s.io/apimachinery.

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in JSON.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    /// Base64 in JSON.
    Bytes,
    Flag,
    Number,
    Time,
    MicroTime,
    TextMap,
    BytesMap,
    /// JSON in bytes, as FieldsV1 has it.
    Json,
    Message(&'static Message),
}

use Kind::{Bytes, BytesMap, Flag, Json, MicroTime, Number, Text, TextMap, Time};

/// The message of a kind, if it is one that clients send.
pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<&'static Message> {
    Some(match (api_version, kind) {
        ("v1", "ConfigMap") => &CONFIG_MAP,
        ("v1", "Event") => &EVENT,
        ("v1", "Namespace") => &NAMESPACE,
        ("v1", "Secret") => &SECRET,
        ("v1", "ServiceAccount") => &SERVICE_ACCOUNT,
        ("authentication.k8s.io/v1", "SelfSubjectReview") => &SELF_SUBJECT_REVIEW,
        ("authentication.k8s.io/v1", "TokenRequest") => &TOKEN_REQUEST,
        ("authorization.k8s.io/v1", "SelfSubjectAccessReview") => &SELF_SUBJECT_ACCESS_REVIEW,
        ("coordination.k8s.io/v1", "Lease") => &LEASE,
        ("rbac.authorization.k8s.io/v1", "Role" | "ClusterRole") => &ROLE,
        ("rbac.authorization.k8s.io/v1", "RoleBinding" | "ClusterRoleBinding") => &ROLE_BINDING,
        (_, "DeleteOptions") => &DELETE_OPTIONS,
        _ => return None,
    })
}

macro_rules! messages {
    ($($(#[$documentation:meta])* $identifier:ident = $name:literal { $($number:literal $field:literal $kind:tt $($repeated:ident)?),* $(,)? })*) => {
        $($(#[$documentation])* pub(super) static $identifier: Message = Message { name: $name, fields: &[$(
            Field { number: $number, name: $field, kind: kind!($kind), repeated: repeated!($($repeated)?) }
        ),*] };)*
    };
}

macro_rules! kind {
    ([$message:ident]) => {
        Kind::Message(&$message)
    };
    ($kind:ident) => {
        $kind
    };
}

macro_rules! repeated {
    () => {
        false
    };
    (repeated) => {
        true
    };
}

messages! {
    /// `k8s.io/apimachinery/pkg/runtime` Unknown: the envelope.
    UNKNOWN = "Unknown" { 1 "typeMeta" [TYPE_META], 2 "raw" Bytes, 3 "contentEncoding" Text, 4 "contentType" Text }
    TYPE_META = "TypeMeta" { 1 "apiVersion" Text, 2 "kind" Text }
    TEXT_ENTRY = "map entry" { 1 "key" Text, 2 "value" Text }
    BYTES_ENTRY = "map entry" { 1 "key" Text, 2 "value" Bytes }
    TIME = "Time" { 1 "seconds" Number, 2 "nanos" Number }
    RAW = "FieldsV1" { 1 "raw" Bytes }

    OBJECT_META = "ObjectMeta" {
        1 "name" Text, 2 "generateName" Text, 3 "namespace" Text, 4 "selfLink" Text, 5 "uid" Text, 6 "resourceVersion" Text,
        7 "generation" Number, 8 "creationTimestamp" Time, 9 "deletionTimestamp" Time, 10 "deletionGracePeriodSeconds" Number,
        11 "labels" TextMap, 12 "annotations" TextMap, 13 "ownerReferences" [OWNER_REFERENCE] repeated,
        14 "finalizers" Text repeated, 17 "managedFields" [MANAGED_FIELDS] repeated,
    }
    OWNER_REFERENCE = "OwnerReference" {
        1 "kind" Text, 3 "name" Text, 4 "uid" Text, 5 "apiVersion" Text, 6 "controller" Flag, 7 "blockOwnerDeletion" Flag,
    }
    MANAGED_FIELDS = "ManagedFieldsEntry" {
        1 "manager" Text, 2 "operation" Text, 3 "apiVersion" Text, 4 "time" Time, 6 "fieldsType" Text, 7 "fieldsV1" Json,
        8 "subresource" Text,
    }
    DELETE_OPTIONS = "DeleteOptions" {
        1 "gracePeriodSeconds" Number, 2 "preconditions" [PRECONDITIONS], 3 "orphanDependents" Flag, 4 "propagationPolicy" Text,
        5 "dryRun" Text repeated,
    }
    PRECONDITIONS = "Preconditions" { 1 "uid" Text, 2 "resourceVersion" Text }
    LABEL_SELECTOR = "LabelSelector" { 1 "matchLabels" TextMap, 2 "matchExpressions" [REQUIREMENT] repeated }
    REQUIREMENT = "LabelSelectorRequirement" { 1 "key" Text, 2 "operator" Text, 3 "values" Text repeated }

    CONFIG_MAP = "ConfigMap" { 1 "metadata" [OBJECT_META], 2 "data" TextMap, 3 "binaryData" BytesMap, 4 "immutable" Flag }
    SECRET = "Secret" {
        1 "metadata" [OBJECT_META], 2 "data" BytesMap, 3 "type" Text, 4 "stringData" TextMap, 5 "immutable" Flag,
    }
    SERVICE_ACCOUNT = "ServiceAccount" {
        1 "metadata" [OBJECT_META], 2 "secrets" [OBJECT_REFERENCE] repeated,
        3 "imagePullSecrets" [LOCAL_OBJECT_REFERENCE] repeated, 4 "automountServiceAccountToken" Flag,
    }
    OBJECT_REFERENCE = "ObjectReference" {
        1 "kind" Text, 2 "namespace" Text, 3 "name" Text, 4 "uid" Text, 5 "apiVersion" Text, 6 "resourceVersion" Text,
        7 "fieldPath" Text,
    }
    LOCAL_OBJECT_REFERENCE = "LocalObjectReference" { 1 "name" Text }
    NAMESPACE = "Namespace" { 1 "metadata" [OBJECT_META], 2 "spec" [NAMESPACE_SPEC], 3 "status" [NAMESPACE_STATUS] }
    NAMESPACE_SPEC = "NamespaceSpec" { 1 "finalizers" Text repeated }
    NAMESPACE_STATUS = "NamespaceStatus" { 1 "phase" Text }
    EVENT = "Event" {
        1 "metadata" [OBJECT_META], 2 "involvedObject" [OBJECT_REFERENCE], 3 "reason" Text, 4 "message" Text,
        5 "source" [EVENT_SOURCE], 6 "firstTimestamp" Time, 7 "lastTimestamp" Time, 8 "count" Number, 9 "type" Text,
        10 "eventTime" MicroTime, 11 "series" [EVENT_SERIES], 12 "action" Text, 13 "related" [OBJECT_REFERENCE],
        14 "reportingComponent" Text, 15 "reportingInstance" Text,
    }
    EVENT_SOURCE = "EventSource" { 1 "component" Text, 2 "host" Text }
    EVENT_SERIES = "EventSeries" { 1 "count" Number, 2 "lastObservedTime" MicroTime }
    LEASE = "Lease" { 1 "metadata" [OBJECT_META], 2 "spec" [LEASE_SPEC] }
    LEASE_SPEC = "LeaseSpec" {
        1 "holderIdentity" Text, 2 "leaseDurationSeconds" Number, 3 "acquireTime" MicroTime, 4 "renewTime" MicroTime,
        5 "leaseTransitions" Number, 6 "strategy" Text, 7 "preferredHolder" Text,
    }

    ROLE = "Role" { 1 "metadata" [OBJECT_META], 2 "rules" [POLICY_RULE] repeated, 3 "aggregationRule" [AGGREGATION_RULE] }
    POLICY_RULE = "PolicyRule" {
        1 "verbs" Text repeated, 2 "apiGroups" Text repeated, 3 "resources" Text repeated, 4 "resourceNames" Text repeated,
        5 "nonResourceURLs" Text repeated,
    }
    AGGREGATION_RULE = "AggregationRule" { 1 "clusterRoleSelectors" [LABEL_SELECTOR] repeated }
    ROLE_BINDING = "RoleBinding" { 1 "metadata" [OBJECT_META], 2 "subjects" [SUBJECT] repeated, 3 "roleRef" [ROLE_REF] }
    ROLE_REF = "RoleRef" { 1 "apiGroup" Text, 2 "kind" Text, 3 "name" Text }
    SUBJECT = "Subject" { 1 "kind" Text, 2 "apiGroup" Text, 3 "name" Text, 4 "namespace" Text }

    TOKEN_REQUEST = "TokenRequest" { 1 "metadata" [OBJECT_META], 2 "spec" [TOKEN_REQUEST_SPEC], 3 "status" [TOKEN_REQUEST_STATUS] }
    TOKEN_REQUEST_SPEC = "TokenRequestSpec" {
        1 "audiences" Text repeated, 3 "boundObjectRef" [BOUND_OBJECT_REFERENCE], 4 "expirationSeconds" Number,
    }
    TOKEN_REQUEST_STATUS = "TokenRequestStatus" { 1 "token" Text, 2 "expirationTimestamp" Time }
    BOUND_OBJECT_REFERENCE = "BoundObjectReference" { 1 "kind" Text, 2 "apiVersion" Text, 3 "name" Text, 4 "uid" Text }
    SELF_SUBJECT_REVIEW = "SelfSubjectReview" { 1 "metadata" [OBJECT_META], 2 "status" [SELF_SUBJECT_REVIEW_STATUS] }
    SELF_SUBJECT_REVIEW_STATUS = "SelfSubjectReviewStatus" { 1 "userInfo" [USER_INFO] }
    USER_INFO = "UserInfo" { 1 "username" Text, 2 "uid" Text, 3 "groups" Text repeated }
    SELF_SUBJECT_ACCESS_REVIEW = "SelfSubjectAccessReview" {
        1 "metadata" [OBJECT_META], 2 "spec" [ACCESS_REVIEW_SPEC], 3 "status" [ACCESS_REVIEW_STATUS],
    }
    ACCESS_REVIEW_SPEC = "SelfSubjectAccessReviewSpec" {
        1 "resourceAttributes" [RESOURCE_ATTRIBUTES], 2 "nonResourceAttributes" [NON_RESOURCE_ATTRIBUTES],
    }
    ACCESS_REVIEW_STATUS = "SubjectAccessReviewStatus" { 1 "allowed" Flag, 2 "reason" Text, 3 "evaluationError" Text, 4 "denied" Flag }
    RESOURCE_ATTRIBUTES = "ResourceAttributes" {
        1 "namespace" Text, 2 "verb" Text, 3 "group" Text, 4 "version" Text, 5 "resource" Text, 6 "subresource" Text, 7 "name" Text,
    }
    NON_RESOURCE_ATTRIBUTES = "NonResourceAttributes" { 1 "path" Text, 2 "verb" Text }
}
