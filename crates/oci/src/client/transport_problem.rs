//! Why no answer came, as a value.

/// Why no answer came from a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportProblem {
    /// A host name does not resolve.
    NameNotFound {
        /// The name: the registry's, its token server's, or that of the storage behind it.
        host: String,
    },
    /// Nobody listens at the address.
    ConnectionRefused,
    /// The connection was not accepted in time.
    ConnectTimeout,
    /// There is no way to the address: no route, no network.
    Unreachable,
    /// The connection broke during the TLS handshake, without a word.
    HandshakeInterrupted,
    /// The certificate is for other names.
    WrongCertificateName {
        /// The names that it carries.
        presented: Vec<String>,
    },
    /// The certificate leads to an authority that is not trusted.
    UnknownAuthority {
        /// The distinguished name of the authority, where the certificate says it.
        issuer: Option<String>,
    },
    /// The certificate is signed by another authority of the same name as one that is trusted.
    ReplacedAuthority,
    /// The certificate is no longer valid.
    CertificateExpired {
        /// The end of its validity, as an HTTP date.
        since: Option<String>,
    },
    /// The port does not speak TLS.
    PlainHttp,
    /// The TLS handshake failed for another reason.
    Tls,
    /// A proxy, named by the environment, did not make the connection.
    Proxy {
        /// `HOST[:PORT]` of the proxy.
        proxy: String,
    },
    /// The connection broke, or the answer stopped coming.
    Interrupted,
}

impl TransportProblem {
    /// Certificates and settings stay as they are, however often one tries.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(
            self,
            Self::NameNotFound { .. }
                | Self::ConnectionRefused
                | Self::ConnectTimeout
                | Self::Unreachable
                | Self::HandshakeInterrupted
                | Self::Proxy { .. }
                | Self::Interrupted
        )
    }
}
