//! Label keys that Konflux's and Tekton's controllers read and write.

/// The Application that an object belongs to (build and release PipelineRuns, Snapshots).
pub const APPLICATION: &str = "appstudio.openshift.io/application";
/// The Component that an object belongs to (build PipelineRuns, Snapshots).
pub const COMPONENT: &str = "appstudio.openshift.io/component";
/// The Snapshot that a test or release PipelineRun works on.
pub const SNAPSHOT: &str = "appstudio.openshift.io/snapshot";
/// On a Snapshot: the build PipelineRun that it was made from.
pub const BUILD_PIPELINE_RUN: &str = "appstudio.openshift.io/build-pipelinerun";
/// On a PipelineRun: the service that made it, `release` for release-service.
pub const SERVICE: &str = "appstudio.openshift.io/service";
/// What a PipelineRun is for: `build`, `test`, `tenant`, `managed`, `final`, …
pub const PIPELINE_TYPE: &str = "pipelines.appstudio.openshift.io/type";
/// Value of [`PIPELINE_TYPE`] on builds.
pub const PIPELINE_TYPE_BUILD: &str = "build";
/// Value of [`PIPELINE_TYPE`] on the pipeline that runs in the managed namespace.
pub const PIPELINE_TYPE_MANAGED: &str = "managed";

/// Marks a Secret that build-service links to every new build ServiceAccount; the value is `true`.
pub const COMMON_SECRET: &str = "build.konflux-ci.dev/common-secret";
/// The older name of [`COMMON_SECRET`], still honoured after it.
pub const COMMON_SECRET_LEGACY: &str = "build.appstudio.openshift.io/common-secret";

/// On a Snapshot: `component`, `group` or `override`.
pub const SNAPSHOT_TYPE: &str = "test.appstudio.openshift.io/type";
/// Value of [`SNAPSHOT_TYPE`] on the Snapshot of one component's build.
pub const SNAPSHOT_TYPE_COMPONENT: &str = "component";
/// On a Snapshot: when its build PipelineRun finished, in seconds since 1970.
pub const PIPELINE_RUN_FINISH_TIME: &str = "test.appstudio.openshift.io/pipelinerunfinishtime";

/// Prefix of Pipelines as Code's own labels and annotations.
pub const PIPELINES_AS_CODE_PREFIX: &str = "pipelinesascode.tekton.dev/";
/// Prefix under which integration-service copies [`PIPELINES_AS_CODE_PREFIX`] to Snapshots.
pub const PIPELINES_AS_CODE_TEST_PREFIX: &str = "pac.test.appstudio.openshift.io/";
/// On a build PipelineRun: `push`, `pull_request`, `incoming`, …
pub const EVENT_TYPE: &str = "pipelinesascode.tekton.dev/event-type";
/// On a build PipelineRun: the commit that is built.
pub const EVENT_SHA: &str = "pipelinesascode.tekton.dev/sha";
/// On a build PipelineRun: the number of the pull request that is built.
pub const PULL_REQUEST: &str = "pipelinesascode.tekton.dev/pull-request";

/// On ReleasePlan and Snapshot: `false` prevents automatic releases.
pub const AUTO_RELEASE: &str = "release.appstudio.openshift.io/auto-release";
/// On a Release: made by integration-service, not by a person.
pub const AUTOMATED: &str = "release.appstudio.openshift.io/automated";
/// On Release and ReleasePlan: the user who answers for the release.
pub const AUTHOR: &str = "release.appstudio.openshift.io/author";
/// On a ReleasePlan: `true` lets automated releases use the plan's author.
pub const STANDING_ATTRIBUTION: &str = "release.appstudio.openshift.io/standing-attribution";
/// On a ReleasePlan: the ReleasePlanAdmission it must use, by name.
pub const RELEASE_PLAN_ADMISSION: &str = "release.appstudio.openshift.io/releasePlanAdmission";
/// On a ReleasePlanAdmission: `true` refuses every release.
pub const BLOCK_RELEASES: &str = "release.appstudio.openshift.io/block-releases";
/// On a release PipelineRun: the Release's name.
pub const RELEASE_NAME: &str = "release.appstudio.openshift.io/name";
/// On a release PipelineRun: the Release's namespace.
pub const RELEASE_NAMESPACE: &str = "release.appstudio.openshift.io/namespace";
/// On a managed PipelineRun: its index among the attempts of its Release.
pub const RELEASE_ATTEMPT: &str = "release.appstudio.openshift.io/attempt";
/// On a Release: its Snapshot's name.
pub const RELEASE_SNAPSHOT: &str = "release.appstudio.openshift.io/snapshot";
/// On a Release: its ReleasePlan's name.
pub const RELEASE_PLAN: &str = "release.appstudio.openshift.io/releasePlan";

/// On TaskRuns and PipelineRuns: the Pipeline's name.
pub const TEKTON_PIPELINE: &str = "tekton.dev/pipeline";
/// On TaskRuns and pods: the PipelineRun's name.
pub const TEKTON_PIPELINE_RUN: &str = "tekton.dev/pipelineRun";
/// On TaskRuns and pods: the PipelineRun's UID.
pub const TEKTON_PIPELINE_RUN_UID: &str = "tekton.dev/pipelineRunUID";
/// On TaskRuns and pods: the name of the task within its Pipeline.
pub const TEKTON_PIPELINE_TASK: &str = "tekton.dev/pipelineTask";
/// On TaskRuns and pods: the referenced Task's name.
pub const TEKTON_TASK: &str = "tekton.dev/task";
/// On pods: the TaskRun's name.
pub const TEKTON_TASK_RUN: &str = "tekton.dev/taskRun";
/// On pods: the TaskRun's UID.
pub const TEKTON_TASK_RUN_UID: &str = "tekton.dev/taskRunUID";
/// On TaskRuns and pods: `tasks` or `finally`.
pub const TEKTON_MEMBER_OF: &str = "tekton.dev/memberOf";
/// Kubernetes' recommended label for the program that manages an object; Tekton sets it to `tekton-pipelines`.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Marks a Konflux tenant's namespace; the value is `tenant`.
pub const NAMESPACE_TYPE: &str = "konflux-ci.dev/type";
/// Value of [`NAMESPACE_TYPE`] on tenants.
pub const NAMESPACE_TYPE_TENANT: &str = "tenant";
/// Marks a ConfigMap that holds source code (see [`crate::source_repository`]); the value is `true`.
pub const SOURCE_REPOSITORY: &str = "konflux-local.dev/source-repository";

/// Prefixes of the labels and annotations that a Snapshot inherits from its build PipelineRun.
pub const SNAPSHOT_INHERITED_PREFIXES: [&str; 4] = [
    "build.appstudio",
    "test.appstudio.openshift.io",
    "custom.appstudio.openshift.io",
    "release.appstudio.openshift.io",
];

/// Prefixes of the labels and annotations that a Release inherits from its Snapshot.
pub const RELEASE_INHERITED_PREFIXES: [&str; 2] =
    ["pac.test.appstudio.openshift.io", "appstudio.openshift.io"];
