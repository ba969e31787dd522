//! A TLS server whose certificate nobody signed but itself. It is right in
//! everything else: name, address, dates.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::http::Server;

/// For localhost and 127.0.0.1, until the year 2126, in DER.
const CERTIFICATE: &str = "\
    308201973082013ea0030201020214285959081b8f470fabae01c3c60fb4e4bf34d1fe300a06082a8648ce3d04030230143112301006035504030c09\
    6c6f63616c686f73743020170d3236313132363033313035365a180f32313236313130323033313035365a30143112301006035504030c096c6f6361\
    6c686f73743059301306072a8648ce3d020106082a8648ce3d030107034200047f0392f865ce27914758791ef8798aecc61762c00be140f62e76bd58\
    0d3e38048c1eca172b72fdadb525d85c55d770b4c1c4599ffdee00c9acf9d4201de2d09ea36c306a301d0603551d0e041604144cf4913733dbd58666\
    1e1c5d671d1951518c48c0301f0603551d230418301680144cf4913733dbd586661e1c5d671d1951518c48c0301a0603551d110413301182096c6f63\
    616c686f737487047f000001300c0603551d130101ff04023000300a06082a8648ce3d040302034700304402207aa9009e5c981d68ce3f2f73735a06\
    089dfc0f6d8d56bfea1ab7278dfcb1357b022037a6caa92961cd1ee1479eccd180d59f1a37d5aa4223ee813204ac092db9d561";

/// Made for this test; it opens nothing.
const KEY: &str = "\
    308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b020101042072ce2313f12ebf69f9599f67535356c1b4fdac22135b813c\
    1a7a65f5661250dfa144034200047f0392f865ce27914758791ef8798aecc61762c00be140f62e76bd580d3e38048c1eca172b72fdadb525d85c55d7\
    70b4c1c4599ffdee00c9acf9d4201de2d09e";

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |place| u8::from_str_radix(&hex[place..place + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A port behind which nobody is trusted.
pub(crate) struct Unsigned {
    server: Server,
    /// What each client said.
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Unsigned {
    pub(crate) fn start() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(KEY)));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_no_client_auth().with_single_cert(vec![CertificateDer::from(bytes(CERTIFICATE))], key);
        let config = Arc::new(config.expect("a key of its certificate"));
        let said = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let server = Server::bare({
            let said = Arc::clone(&said);
            move |client| {
                let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let (mut stream, mut read) = (StreamOwned::new(connection, client.stream), vec![0; 4096]);
                let count = stream.read(&mut read).unwrap_or(0);
                read.truncate(count);
                let _gone = stream.write_all(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                said.lock().unwrap_or_else(PoisonError::into_inner).push(read);
            }
        });
        Self { server, said }
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Stops; gives what was said by those who came, of whom there is one at least.
    #[track_caller]
    pub(crate) fn stop(self) -> Vec<u8> {
        drop(self.server);
        let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(!said.is_empty(), "nobody came");
        said.concat()
    }
}
