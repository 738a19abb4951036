//! What is wrong with a strategic merge patch, in Kubernetes' words where it has some.

/// A patch that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StrategicMergeError {
    /// The patch or the object is not a JSON object.
    #[error("a strategic merge patch and what it is applied to must be objects")]
    NotAnObject,
    /// A key that begins with `$` and is no directive.
    #[error(
        "unknown directive {0:?}; known are $patch, $retainKeys, $deleteFromPrimitiveList/<list> and \
         $setElementOrder/<list>"
    )]
    UnknownDirective(String),
    /// A `$patch` directive with an unknown value.
    #[error("unknown patch type: {patch_type} in map: {map}")]
    PatchType {
        /// The directive's value.
        patch_type: String,
        /// The object it stands in.
        map: String,
    },
    /// `$patch: merge` in a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeInList,
    /// An item of a list that merges by key lacks the key.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item.
        map: String,
        /// The merge key of the list.
        key: String,
    },
    /// Something else where a list must be.
    #[error("expected a list at {0:?}, but received another type")]
    NotAList(String),
    /// A list in a list that merges.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// A list that merges has items of different types.
    #[error("list element types are not identical")]
    MixedItems,
    /// `$deleteFromPrimitiveList` is malformed.
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    /// `$retainKeys` is malformed or leaves out a field that the patch sets.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// `$setElementOrder` is malformed.
    #[error("invalid patch format of setElementOrder list")]
    SetElementOrder,
    /// `$setElementOrder` disagrees with the patch's own list.
    #[error("the order in patch list {patch} doesn't match $setElementOrder list {order}")]
    OrderMismatch {
        /// The patch's list.
        patch: String,
        /// The order it should have.
        order: String,
    },
}
