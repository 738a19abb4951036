//! Sources are fetched through a proxy, whose login is never shown.

use std::sync::{Arc, Mutex};

use deploy::sources::{DownloadOptions, ProxyChoice};
use secrecy::SecretString;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Server, head};
use crate::world::{World, sentence, unpinned};

/// A proxy that connects, or refuses to. Gives its port and what it heard.
async fn proxy(connects: bool) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = head(&mut stream).await;
            let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
            hears.lock().unwrap().push(request);
            if !connects {
                let refusal =
                    b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(refusal).await.unwrap();
                continue;
            }
            let mut upstream = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move {
                let _ended = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
            });
        }
    });
    (port, heard)
}

fn through(world: &World, port: u16) -> DownloadOptions {
    let address = SecretString::from(format!("http://ada:passw0rd@127.0.0.1:{port}"));
    DownloadOptions {
        proxy: ProxyChoice::Given(address),
        ..world.options()
    }
}

#[tokio::test]
async fn a_source_is_fetched_through_the_proxy() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let (port, heard) = proxy(true).await;
    let store = world.store().downloads(through(&world, port));
    let fetched = store.get(&unpinned("tekton", &server.host)).await.unwrap();
    assert_eq!(fetched.content, b"release");
    let heard = heard.lock().unwrap();
    assert!(
        heard[0].starts_with(&format!("CONNECT {} ", server.host)),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_as_such_and_its_login_is_not_shown() {
    let world = World::new();
    let server = Server::giving(&world.authority, "release").await;
    let (port, _) = proxy(false).await;
    let store = world.store().downloads(through(&world, port));
    let error = sentence(store.get(&unpinned("tekton", &server.host)).await);
    assert!(
        error.contains("cannot be reached") && error.contains("proxy"),
        "{error}"
    );
    assert!(!error.contains("passw0rd"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_repeated() {
    let world = World::new();
    let options = DownloadOptions {
        proxy: ProxyChoice::Given(SecretString::from("http://ada:passw0rd@[")),
        ..world.options()
    };
    let store = world.store().downloads(options);
    let error = sentence(store.get(&unpinned("tekton", "localhost:1")).await);
    assert!(
        error.contains("the address of the proxy cannot be used"),
        "{error}"
    );
    assert!(!error.contains("passw0rd"), "{error}");
}
