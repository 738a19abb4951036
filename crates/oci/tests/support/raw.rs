//! Fakes that are no HTTP servers over TLS.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::server::certificates;

/// Answers `answer` to whatever is sent first, and hangs up. Returns `localhost:PORT`.
pub async fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut hello = [0; 16 * 1024];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("localhost:{port}")
}

/// Speaks TLS, and hangs up at the first request. Returns `localhost:PORT` and the certificate authority.
pub async fn hanging_up_after_the_handshake() -> (String, String) {
    let (authority, certificate, key) = certificates(|_| {});
    let tls = registry::tls::server_config(&certificate, &key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(tls);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    (format!("localhost:{port}"), authority)
}

/// A port that was free a moment ago, and that nobody is told of.
pub fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A listener that accepts nothing, with its queue full: whoever connects waits. It does so while the value lives.
pub struct Overrun {
    /// `127.0.0.1:PORT`
    pub host: String,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Overrun {
    pub async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(connected) =
            tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
        {
            waiting.push(connected.unwrap());
            assert!(waiting.len() < 1000, "the queue never fills");
        }
        Self {
            host: address.to_string(),
            _listener: listener,
            _waiting: waiting,
        }
    }
}
