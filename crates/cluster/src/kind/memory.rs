//! What `KIND_MEMORY_GB` means: the memory that a node may use.

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;
/// What kubelet, containerd and systemd need beside the pods.
const NODE_SERVICES: u64 = GIB / 2;
/// A kubelet's quantities need not be exact to the byte; MiB keep the document readable.
const MIB: u64 = 1 << 20;

/// The memory that each node may use, pods and the node's own services together.
///
/// A node is a container whose kubelet sees the memory of the whole engine, whatever the container's limit. So the kubelet is told to
/// reserve the rest ([`reserved_mebibytes`](Self::reserved_mebibytes)), and the container is limited
/// ([`container_limit`](Self::container_limit)). `kind-config/README.md` says how upstream's meaning differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeMemory {
    usable: u64,
    engine: u64,
}

impl NodeMemory {
    /// `gibibytes` (`KIND_MEMORY_GB`, at least 1) of an engine that has `engine_bytes` (its `info`'s `MemTotal`: on macOS the
    /// virtual machine's).
    #[must_use]
    pub fn new(gibibytes: u32, engine_bytes: u64) -> Self {
        Self {
            usable: u64::from(gibibytes.max(1)) * GIB,
            engine: engine_bytes,
        }
    }

    /// What the kubelet reserves, in MiB: all that the node may not use, and what its own services need.
    #[must_use]
    pub fn reserved_mebibytes(&self) -> u64 {
        (self.engine.saturating_sub(self.usable) + NODE_SERVICES) / MIB
    }

    /// The limit of the node's container in bytes; none where the node may use all that there is.
    #[must_use]
    pub fn container_limit(&self) -> Option<u64> {
        (self.usable < self.engine).then_some(self.usable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_for_pods_is_what_was_asked_less_the_nodes_own_services() {
        let memory = NodeMemory::new(8, 32 * GIB);
        let allocatable = 32 * 1024 - memory.reserved_mebibytes();
        assert_eq!(allocatable, 8 * 1024 - 512);
        assert_eq!(memory.container_limit(), Some(8 * GIB));
    }

    #[test]
    fn asking_for_all_there_is_or_more_sets_no_limit() {
        for gibibytes in [16, 64] {
            let memory = NodeMemory::new(gibibytes, 16 * GIB);
            assert_eq!(memory.reserved_mebibytes(), 512);
            assert_eq!(memory.container_limit(), None);
        }
    }
}
