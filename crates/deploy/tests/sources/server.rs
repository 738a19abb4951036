//! A server over TLS that answers what it is told to, byte by byte.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Who signs the certificates of the servers.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server answers.
pub(crate) enum Answer {
    /// 200 with this content.
    Content(Vec<u8>),
    /// These bytes, and then the end.
    Bytes(String),
    /// Nothing, for ever.
    Silence,
}

/// A server; it ends with the test's runtime.
pub(crate) struct Server {
    /// `localhost:PORT`
    pub(crate) host: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn acceptor(&self) -> TlsAcceptor {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names.to_vec()).unwrap();
        let certificate = certificate.signed_by(&key, &self.0).unwrap();
        let chain = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        Arc::new(config).into()
    }
}

impl Server {
    /// Answers the request with this number, beginning at 1, as `answer` says.
    pub(crate) async fn start(
        authority: &Authority,
        answer: impl Fn(usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let acceptor = authority.acceptor();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (heard, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, heard) = (acceptor.clone(), Arc::clone(&heard));
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let request = head(&mut stream).await;
                    let number = {
                        let mut heard = heard.lock().unwrap();
                        heard.push(request);
                        heard.len()
                    };
                    let bytes = match answer(number) {
                        Answer::Content(content) => {
                            let length = content.len();
                            let head = format!(
                                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                            );
                            [head.into_bytes(), content].concat()
                        }
                        Answer::Bytes(bytes) => bytes.into_bytes(),
                        Answer::Silence => std::future::pending().await,
                    };
                    let _gone = stream.write_all(&bytes).await;
                    let _gone = stream.shutdown().await;
                });
            }
        });
        Self { host, requests }
    }

    /// Always gives the same content.
    pub(crate) async fn giving(authority: &Authority, content: &str) -> Self {
        let content = content.as_bytes().to_vec();
        Self::start(authority, move |_| Answer::Content(content.clone())).await
    }

    /// The heads of the requests that came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of a request, up to the empty line.
pub(crate) async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// An answer without content.
pub(crate) fn status(line: &str, headers: &str) -> Answer {
    Answer::Bytes(format!(
        "HTTP/1.1 {line}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"
    ))
}
