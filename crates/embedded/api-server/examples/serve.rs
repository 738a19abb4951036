//! Serves a folder and writes a kubeconfig for it: `cargo run -p api-server --example serve -- FOLDER [PORT]`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "the tests' certificates are shared with this example"
)]

#[path = "../tests/support/certificates.rs"]
mod certificates;

use std::path::{Path, PathBuf};

use api_server::{ApiServer, Options, ServerTls};
use certificates::{Authority, base64};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: serve FOLDER [PORT]")?);
    let port = arguments.next().map_or(Ok(0), |port| port.parse::<u16>())?;
    let authority = Authority::new();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let server = ApiServer::open(Options {
        data_dir: folder.join("data"),
        pod_logs_dir: Some(folder.join("logs")),
        ..Options::default()
    })?;
    write_kubeconfig(
        &folder,
        &format!("https://{}", listener.local_addr()?),
        &authority,
    )?;
    let certificate = authority.server();
    let tls = ServerTls {
        certificate_chain_pem: certificate.certificate_pem,
        private_key_pem: certificate.key_pem,
        client_ca_pem: authority.certificate_pem,
    };
    let shutdown = CancellationToken::new();
    let interrupted = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    server.serve(listener, tls, shutdown).await?;
    Ok(())
}

fn write_kubeconfig(folder: &Path, url: &str, authority: &Authority) -> std::io::Result<()> {
    let client = authority.client("admin", "system:masters");
    let kubeconfig = format!(
        "apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: \"{url}\", certificate-authority-data: {}}}}}]
users: [{{name: u, user: {{client-certificate-data: {}, client-key-data: {}}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
current-context: c
",
        base64(&authority.certificate_pem),
        base64(&client.certificate_pem),
        base64(&client.key_pem),
    );
    std::fs::write(folder.join("kubeconfig"), kubeconfig)
}
