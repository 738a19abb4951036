//! Measures registries through one client and prints a table with the ratio to a peer.
//!
//! `cargo bench -p registry --bench throughput` starts this crate's program on a directory and, where it is installed, Debian's
//! `docker-registry` as the peer. `-- --peer URL` and `-- --subject URL` measure registries that are running already; both must accept pushes
//! without a login.
#![allow(unreachable_pub)] // Nothing outside sees a benchmark.

mod load;
mod servers;
mod table;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use self::load::Load;
use self::servers::Server;
use self::table::Table;

/// Measures pushes, pulls and lists of a registry beside a peer.
#[derive(Debug, Parser)]
struct Arguments {
    /// Registry to measure, instead of this crate's program on a directory.
    #[arg(long, value_name = "URL")]
    subject: Option<String>,
    /// Registry to compare with, instead of Debian's docker-registry.
    #[arg(long, value_name = "URL")]
    peer: Option<String>,
    /// Measure the subject alone.
    #[arg(long)]
    alone: bool,
    /// Serve over TLS. Without it client and server do not spend their time on encryption.
    #[arg(long)]
    tls: bool,
    /// PEM file of the authority that signed the certificates of `--subject` and `--peer`.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How many tags and referrers the long lists have.
    #[arg(long, default_value_t = 10_000)]
    entries: usize,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    drop(rustls::crypto::ring::default_provider().install_default());
    let subject = match &arguments.subject {
        Some(url) => Server::running("subject", url, arguments.ca.as_deref())?,
        None => Server::ours(arguments.tls)
            .await
            .context("could not start this crate's registry")?,
    };
    let peer = match &arguments.peer {
        _ if arguments.alone => None,
        Some(url) => Some(Server::running("peer", url, arguments.ca.as_deref())?),
        None => servers::docker_registry(arguments.tls).await?,
    };
    let mut table = Table::new(&subject.name, peer.as_ref().map(|peer| peer.name.as_str()));
    for server in [Some(&subject), peer.as_ref()].into_iter().flatten() {
        measure(server, &arguments, &mut table)
            .await
            .with_context(|| format!("measuring {}", server.name))?;
    }
    table.print()?;
    Ok(())
}

async fn measure(server: &Server, arguments: &Arguments, table: &mut Table) -> anyhow::Result<()> {
    if let Some(elapsed) = server.ready_after {
        table.add(
            "ready after start",
            "ms, less is better",
            elapsed.as_secs_f64() * 1000.0,
        );
    }
    if let Some(bytes) = server.resident()? {
        table.add("resident, idle", "MB, less is better", bytes / 1e6);
    }
    let load = Load::new(server)?;
    for (label, size, count) in [
        ("1 KiB", 1024, 2000),
        ("1 MiB", 1 << 20, 200),
        ("32 MiB", 32 << 20, 12),
    ] {
        for connections in [1, 16] {
            let repository = format!("bench/c{connections}");
            let blobs = load::blobs(size, count.max(connections));
            let pushes = load.push(&repository, &blobs, connections).await?;
            let pulls = load.pull(&repository, &blobs, connections).await?;
            let (unit, factor) = if size == 1024 {
                ("1/s", 1.0)
            } else {
                ("MB/s", size as f64 / 1e6)
            };
            let name = |verb: &str| format!("{verb} {label}, {connections} at once");
            table.add(&name("push"), unit, pushes * factor);
            table.add(&name("pull"), unit, pulls * factor);
        }
    }
    if let Some(bytes) = server.peak()? {
        table.add(
            "resident, peak of the above",
            "MB, less is better",
            bytes / 1e6,
        );
    }
    let few = load.push_tags("bench/few", 0, 200).await?;
    table.add("push a tag, empty repository", "1/s", few);
    load.push_tags("bench/many", 0, arguments.entries).await?;
    let many = load.push_tags("bench/many", arguments.entries, 200).await?;
    table.add(
        &format!("push a tag, {} tags there", arguments.entries),
        "1/s",
        many,
    );
    let lists = load.list("/v2/bench/many/tags/list", 50).await?;
    table.add(&format!("list {} tags", arguments.entries), "1/s", lists);
    if let Some(subject) = load
        .push_referrers("bench/referrers", arguments.entries)
        .await?
    {
        let lists = load
            .list(&format!("/v2/bench/referrers/referrers/{subject}"), 20)
            .await?;
        table.add(
            &format!("list {} referrers", arguments.entries),
            "1/s",
            lists,
        );
    }
    if let Some(bytes) = server.resident()? {
        table.add("resident, at the end", "MB, less is better", bytes / 1e6);
    }
    Ok(())
}
