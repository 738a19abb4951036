//! Measures registries through one client and prints a table with the ratio to a peer.
//!
//! `cargo bench -p registry --bench throughput` starts this crate's program on a directory and, where it is installed, Debian's
//! `docker-registry` as the peer. `-- --peer NAME=URL` (as often as there are peers) and `-- --subject URL` measure registries that are running
//! already; all must accept pushes without a login. Every measure goes round all of them several times and the medians are printed, because
//! a shared machine has good and bad moments.
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
    /// Registry to compare with, instead of Debian's docker-registry. May be given more than once.
    #[arg(long, value_name = "NAME=URL", value_parser = peer)]
    peer: Vec<(String, String)>,
    /// How often every measure is taken; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
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
    /// Transfer blobs of this size alone, and measure no lists. May be given more than once.
    #[arg(long = "size", value_name = "SIZE", value_parser = SIZES.map(|(label, _, _)| label))]
    sizes: Vec<String>,
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
    let mut servers = vec![subject];
    for (name, url) in &arguments.peer {
        servers.push(Server::running(name, url, arguments.ca.as_deref())?);
    }
    if arguments.peer.is_empty() && !arguments.alone {
        servers.extend(servers::docker_registry(arguments.tls).await?);
    }
    let mut table = Table::new(servers.iter().map(|server| server.name.clone()).collect());
    measure(&servers, &arguments, &mut table).await?;
    table.print()?;
    Ok(())
}

fn peer(text: &str) -> anyhow::Result<(String, String)> {
    let (name, url) = text.split_once('=').context("write NAME=URL")?;
    Ok((name.to_owned(), url.to_owned()))
}

/// Sizes of the blobs that are transferred, and how many of each.
const SIZES: [(&str, usize, usize); 3] = [
    ("1KiB", 1024, 1000),
    ("1MiB", 1 << 20, 100),
    ("32MiB", 32 << 20, 6),
];

const MEMORY: &str = "MB, less is better";

async fn measure(
    servers: &[Server],
    arguments: &Arguments,
    table: &mut Table,
) -> anyhow::Result<()> {
    for (column, server) in servers.iter().enumerate() {
        if let Some(elapsed) = server.ready_after {
            let milliseconds = elapsed.as_secs_f64() * 1000.0;
            table.add(
                "ready after start",
                "ms, less is better",
                column,
                milliseconds,
            );
        }
        if let Some(bytes) = server.resident()? {
            table.add("resident, idle", MEMORY, column, bytes / 1e6);
        }
    }
    for round in 0..arguments.rounds {
        for (column, server) in servers.iter().enumerate() {
            transfers(server, &arguments.sizes, round, column, table)
                .await
                .with_context(|| format!("measuring {}", server.name))?;
        }
    }
    for (column, server) in servers.iter().enumerate() {
        if let Some(bytes) = server.peak()? {
            table.add("resident, peak of the above", MEMORY, column, bytes / 1e6);
        }
    }
    if !arguments.sizes.is_empty() {
        return Ok(());
    }
    for (column, server) in servers.iter().enumerate() {
        long_lists(server, arguments.entries, column, table)
            .await
            .with_context(|| format!("measuring {}", server.name))?;
        if let Some(bytes) = server.resident()? {
            table.add("resident, at the end", MEMORY, column, bytes / 1e6);
        }
    }
    Ok(())
}

/// Pushes and pulls blobs of each size.
async fn transfers(
    server: &Server,
    sizes: &[String],
    round: u32,
    column: usize,
    table: &mut Table,
) -> anyhow::Result<()> {
    let load = Load::new(server)?;
    let wanted = |label: &&str| sizes.is_empty() || sizes.iter().any(|size| size == label);
    for (label, size, count) in SIZES.into_iter().filter(|(label, _, _)| wanted(label)) {
        for connections in [1, 16] {
            let repository = format!("bench/c{connections}-{round}");
            let blobs = load::blobs(size, count.max(connections));
            // What an earlier measure left for the disk must not slow this one.
            rustix::fs::sync();
            let pushes = load.push(&repository, &blobs, connections).await?;
            let pulls = load.pull(&repository, &blobs, connections).await?;
            let (unit, factor) = if size == 1024 {
                ("1/s", 1.0)
            } else {
                ("MB/s", size as f64 / 1e6)
            };
            let name = |verb: &str| format!("{verb} {label}, {connections} at once");
            table.add(&name("push"), unit, column, pushes * factor);
            table.add(&name("pull"), unit, column, pulls * factor);
        }
    }
    Ok(())
}

/// Pushes, tags and lists where there is much already.
async fn long_lists(
    server: &Server,
    entries: usize,
    column: usize,
    table: &mut Table,
) -> anyhow::Result<()> {
    let load = Load::new(server)?;
    let few = load.push_tags("bench/few", 0, 200).await?;
    table.add("push a tag, empty repository", "1/s", column, few);
    load.push_tags("bench/many", 0, entries).await?;
    let many = load.push_tags("bench/many", entries, 200).await?;
    table.add(
        &format!("push a tag, {entries} tags there"),
        "1/s",
        column,
        many,
    );
    let lists = load.list("/v2/bench/many/tags/list", 50).await?;
    table.add(&format!("list {entries} tags"), "1/s", column, lists);
    if let Some(subject) = load.push_referrers("bench/referrers", entries).await? {
        let path = format!("/v2/bench/referrers/referrers/{subject}");
        let lists = load.list(&path, 20).await?;
        table.add(&format!("list {entries} referrers"), "1/s", column, lists);
    }
    Ok(())
}
