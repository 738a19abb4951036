//! Reading what the operating system has in memory, without ever waiting for the disk.
//!
//! Handing a read to another thread costs more than the read when the content is in the page cache, which for a registry it mostly is.
//! Linux can be asked to refuse rather than to wait (`openat2(2)` with `RESOLVE_CACHED`, `preadv2(2)` with `RWF_NOWAIT`); elsewhere
//! nothing counts as cached.

use std::fs::File;
use std::path::Path;

/// Opens a file whose name and attributes are in memory. `None`: ask where it may block.
#[cfg(target_os = "linux")]
pub(super) fn open(path: &Path) -> Option<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
    Some(file.into())
}

/// Reads up to `length` bytes at `offset`, as many as are in memory. `None`: ask where it may block.
#[cfg(target_os = "linux")]
pub(super) fn read(file: &File, offset: u64, length: usize) -> Option<Vec<u8>> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};
    let mut bytes = vec![0; length];
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let count = preadv2(file, &mut slices, offset, ReadWriteFlags::NOWAIT).ok()?;
    bytes.truncate(count);
    (count > 0).then_some(bytes)
}

/// Opens a file whose name and attributes are in memory. `None`: ask where it may block.
#[cfg(not(target_os = "linux"))]
pub(super) fn open(_path: &Path) -> Option<File> {
    None
}

/// Reads up to `length` bytes at `offset`, as many as are in memory. `None`: ask where it may block.
#[cfg(not(target_os = "linux"))]
pub(super) fn read(_file: &File, _offset: u64, _length: usize) -> Option<Vec<u8>> {
    None
}
