//! `cargo xtask registry`: one file per command.

pub(crate) mod arguments;
mod check;
mod describe;
mod give;
mod inspect;
mod interrupt;
mod list;
mod login;
mod own;
mod push_secret;
mod release_secret;
mod target;

use crate::exit::{Exit, Failure};
use arguments::{Registry, RegistryCommand};
use interrupt::Interrupts;

pub(crate) async fn run(arguments: Registry) -> Result<Exit, Failure> {
    let interrupts = &mut Interrupts::listen()?;
    match arguments.command {
        RegistryCommand::PushSecret(arguments) => push_secret::run(arguments, interrupts).await,
        RegistryCommand::ReleaseSecret(arguments) => {
            release_secret::run(arguments, interrupts).await
        }
        RegistryCommand::Check(arguments) => check::run(arguments, interrupts).await,
        RegistryCommand::Login(arguments) => login::run(arguments, interrupts).await,
        RegistryCommand::List(arguments) => list::run(arguments, interrupts).await,
        RegistryCommand::Inspect(arguments) => inspect::run(arguments, interrupts).await,
    }
}
