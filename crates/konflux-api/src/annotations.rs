//! Annotation keys, and finalizers, that Konflux's and Tekton's controllers read and write.

/// On a Component: what the user asks build-service to do; removed once it was handled.
pub const BUILD_REQUEST: &str = "build.appstudio.openshift.io/request";
/// On a Component: what build-service answered, as JSON text.
pub const BUILD_STATUS: &str = "build.appstudio.openshift.io/status";
/// On a Component: which pipeline builds it, as JSON text `{"name", "bundle"}`.
pub const BUILD_PIPELINE: &str = "build.appstudio.openshift.io/pipeline";
/// On a build PipelineRun: the URL of the source repository.
pub const BUILD_REPOSITORY: &str = "build.appstudio.openshift.io/repo";
/// On a build PipelineRun: the commit that is built.
pub const BUILD_COMMIT: &str = "build.appstudio.redhat.com/commit_sha";
/// On a build PipelineRun: the branch that is built.
pub const BUILD_TARGET_BRANCH: &str = "build.appstudio.redhat.com/target_branch";

/// On a build PipelineRun: the Snapshot made from it.
pub const SNAPSHOT: &str = "appstudio.openshift.io/snapshot";
/// On build PipelineRuns and Snapshots: how the making of the Snapshot went, as JSON text on PipelineRuns.
pub const CREATE_SNAPSHOT_STATUS: &str = "test.appstudio.openshift.io/create-snapshot-status";
/// On a build PipelineRun: whether its image was promoted, as JSON text.
pub const ADDED_TO_GLOBAL_CANDIDATE_LIST: &str =
    "test.appstudio.openshift.io/added-to-global-candidate-list";
/// On a Component: when its promoted image was built.
pub const LAST_BUILT_TIME: &str = "test.appstudio.openshift.io/lastbuilttime";
/// On a Snapshot: when its build started, in milliseconds since 1970.
pub const PIPELINE_RUN_START_TIME: &str = "test.appstudio.openshift.io/pipelinerunstarttime";
/// On a Snapshot: `push` or `pull-request`.
pub const INTEGRATION_WORKFLOW: &str = "test.appstudio.openshift.io/integration-workflow";
/// On a Snapshot: the URL of the source repository.
pub const SOURCE_REPOSITORY_URL: &str = "test.appstudio.openshift.io/source-repo-url";
/// Prefix of the annotations that keep a build's string results on its Snapshot.
pub const RESULT_PREFIX: &str = "test.appstudio.openshift.io/result-";
/// On PipelineRuns and TaskRuns: Tekton Chains has looked at the run, `true` or `failed`.
pub const CHAINS_SIGNED: &str = "chains.tekton.dev/signed";
/// Prefix of Tekton Chains' annotations, which Tekton does not hand on to TaskRuns.
pub const CHAINS_PREFIX: &str = "chains.tekton.dev/";

/// On a ReleasePlan: a CEL expression that decides about automatic releases.
pub const AUTO_RELEASE: &str = "release.appstudio.openshift.io/auto-release";
/// On an object in another namespace than its owner: the owner as `namespace/name` (operator-lib).
pub const PRIMARY_RESOURCE: &str = "operator-sdk/primary-resource";
/// On an object in another namespace than its owner: the owner's `Kind.group` (operator-lib).
pub const PRIMARY_RESOURCE_TYPE: &str = "operator-sdk/primary-resource-type";

/// Finalizer of integration-service on build PipelineRuns.
pub const INTEGRATION_FINALIZER: &str = "test.appstudio.openshift.io/pipelinerun";
/// Finalizer of release-service on Releases and their PipelineRuns.
pub const RELEASE_FINALIZER: &str = "appstudio.redhat.com/release-finalizer";
