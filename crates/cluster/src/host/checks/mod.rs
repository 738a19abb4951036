//! The checks: one subject per file, each a function from what is known to a [`Check`](super::check::Check).

mod capacity;
mod clock;
mod disk;
mod engine;
mod images;
mod inotify;
mod isolation;
mod ports;
mod process_limit;
mod programs;
mod proxy;
mod storage;

pub(super) use capacity::{cpus, memory};
pub(super) use clock::{engine_clock, host_clock};
pub(super) use disk::{image_disk, image_folder, state_disk};
pub(super) use engine::{answers, command, version};
pub(super) use images::{Place, images, place};
pub(super) use inotify::inotify;
pub(super) use isolation::{apparmor, control_groups, delegation};
pub(super) use ports::port;
pub(super) use process_limit::process_limit;
pub(super) use programs::{kind, kubectl};
pub(super) use proxy::proxy;
pub(super) use storage::storage_driver;
