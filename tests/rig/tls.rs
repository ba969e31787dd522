//! A TLS server with a certificate that is right, or wrong in one thing: nobody signed
//! it but itself, it is of another name, or its time is over.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::http::Server;

/// For localhost and 127.0.0.1, until the year 2126, in DER; so are the others.
const UNSIGNED: &str = "\
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

/// Signed by [`ROOT`].
const GOOD: &str = "\
    308201a230820149a003020102020101300a06082a8648ce3d040302301c311a301806035504030c11726f6f74206f66207468652074657374733020\
    170d3235313130313030303030305a180f32313235313130313030303030305a30143112301006035504030c096c6f63616c686f7374305930130607\
    2a8648ce3d020106082a8648ce3d030107034200047f0392f865ce27914758791ef8798aecc61762c00be140f62e76bd580d3e38048c1eca172b72fd\
    adb525d85c55d770b4c1c4599ffdee00c9acf9d4201de2d09ea38181307f301a0603551d110413301182096c6f63616c686f737487047f000001300c\
    0603551d130101ff0402300030130603551d25040c300a06082b06010505070301301d0603551d0e041604144cf4913733dbd586661e1c5d671d1951\
    518c48c0301f0603551d230418301680140a2e649d2df27663c48e99132a33c678f6802f01300a06082a8648ce3d04030203470030440220497f3751\
    d07d53a9fd6818cab664ddd5f9f434511208bbbbe3ed54162a0c41d202203e4fde6b6c40c1d5afebab38b8c4c2907e72a68b0664675a770c624e5b20\
    5ae5";

/// Of example.org.
const OTHER_NAME: &str = "\
    308201a030820146a003020102020102300a06082a8648ce3d040302301c311a301806035504030c11726f6f74206f66207468652074657374733020\
    170d3235313130313030303030305a180f32313235313130313030303030305a30163114301206035504030c0b6578616d706c652e6f726730593013\
    06072a8648ce3d020106082a8648ce3d030107034200047f0392f865ce27914758791ef8798aecc61762c00be140f62e76bd580d3e38048c1eca172b\
    72fdadb525d85c55d770b4c1c4599ffdee00c9acf9d4201de2d09ea37d307b30160603551d11040f300d820b6578616d706c652e6f7267300c060355\
    1d130101ff0402300030130603551d25040c300a06082b06010505070301301d0603551d0e041604144cf4913733dbd586661e1c5d671d1951518c48\
    c0301f0603551d230418301680140a2e649d2df27663c48e99132a33c678f6802f01300a06082a8648ce3d0403020348003045022100bd60c635b3d7\
    e05f089bf520313ce2c831e13234fd504957bfcfa1f24510e49e02204a9c512271ce65b9c282ba8a1b3b81d259cc764182f286e8eb2b1459cd1495ed";

/// For the year 2020.
const EXPIRED: &str = "\
    308201a130820147a003020102020103300a06082a8648ce3d040302301c311a301806035504030c11726f6f74206f6620746865207465737473301e\
    170d3230303130313030303030305a170d3231303130313030303030305a30143112301006035504030c096c6f63616c686f73743059301306072a86\
    48ce3d020106082a8648ce3d030107034200047f0392f865ce27914758791ef8798aecc61762c00be140f62e76bd580d3e38048c1eca172b72fdadb5\
    25d85c55d770b4c1c4599ffdee00c9acf9d4201de2d09ea38181307f301a0603551d110413301182096c6f63616c686f737487047f000001300c0603\
    551d130101ff0402300030130603551d25040c300a06082b06010505070301301d0603551d0e041604144cf4913733dbd586661e1c5d671d1951518c\
    48c0301f0603551d230418301680140a2e649d2df27663c48e99132a33c678f6802f01300a06082a8648ce3d0403020348003045022057f68900443f\
    9e4d72dc3f1b73e4234298ecd7a671b8af1ef1c56017d28d86ef0221008bfa8894cb56da622fa0cdfbb596f5851e25fd0b919981b343753e280b41c9\
    39";

/// Whoever trusts this trusts the three; its key is gone.
const ROOT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfjCCASSgAwIBAgIULoczC8A1PrblVwqs9E3P5gcTN1owCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRcm9vdCBvZiB0aGUgdGVzdHMwIBcNMjYxMTI2MTMyMjM2WhgP
MjEyNjExMDIxMzIyMzZaMBwxGjAYBgNVBAMMEXJvb3Qgb2YgdGhlIHRlc3RzMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBVZx7EQl+or7t7bkVwdaN8ZIkfgemhl/
seES7gmuWcrOHetMmBYxKx2nSDyFkR88dfchJmbJ7qXJ5dVmzJVeU6NCMEAwDwYD
VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFAouZJ0t8nZj
xI6ZEyozxnj2gC8BMAoGCCqGSM49BAMCA0gAMEUCIQDa7Gzj4chnN75K+rNXOhLZ
Gk/jC03F8OJ/x+EdU3JoSAIgPPNPLbETMI9amQe6HOkC+NaEO6/Qz1Y9TQ/eWeFT
Xjo=
-----END CERTIFICATE-----
";

/// What a server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    Unsigned,
    Good,
    OtherName,
    Expired,
}

/// Writes the root into a folder, as `SSL_CERT_FILE` wants it.
pub(crate) fn root(folder: &Path) -> PathBuf {
    let path = folder.join("root.pem");
    std::fs::write(&path, ROOT).expect("a file");
    path
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |place| u8::from_str_radix(&hex[place..place + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// A port behind which somebody shows a certificate.
pub(crate) struct Host {
    server: Server,
    /// What each client said.
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Host {
    pub(crate) fn start(certificate: Certificate) -> Self {
        let certificate = bytes(match certificate {
            Certificate::Unsigned => UNSIGNED,
            Certificate::Good => GOOD,
            Certificate::OtherName => OTHER_NAME,
            Certificate::Expired => EXPIRED,
        });
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(KEY)));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_no_client_auth().with_single_cert(vec![CertificateDer::from(certificate)], key);
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
