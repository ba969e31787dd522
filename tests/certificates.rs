//! Whom a request over TLS goes to: somebody with a certificate of that name, signed by a
//! root of the system, and not past its time. Models, forges and registries share the client.

use crate::rig::TestRepo;
use crate::rig::model::KEY;
use crate::rig::tls::{self, Certificate, Host};

#[test]
fn case_129_a_certificate_is_of_the_name_of_today_and_of_a_known_root() {
    let rows = [
        (Certificate::Good, true, "404"),
        (Certificate::Good, false, "UnknownIssuer"),
        (Certificate::OtherName, true, "not valid for name"),
        (Certificate::Expired, true, "expired"),
    ];
    for (certificate, knows_root, words) in rows {
        let server = Host::start(certificate);
        let port = server.port();
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        let model = "[model]\nprovider = 'openai'\nname = 'm'\nprivate = true\nprice = {input = 1, output = 1}\n";
        let task = "[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\nmodel = {}\n";
        repo.config(&format!("{model}endpoint = 'https://localhost:{port}/v1'\n{task}"));
        let mut command = repo.command(&["doctor", "--model", "--token", &format!("localhost:{port}=env:MODEL_KEY")]);
        command.env("MODEL_KEY", KEY);
        if knows_root {
            command.env("SSL_CERT_FILE", tls::root(&repo.scratch()));
        }
        let ran = repo.guarded(command);
        ran.exits(30).says(words);
        let seen = String::from_utf8_lossy(&server.stop()).into_owned();
        assert_eq!(seen.contains(KEY), certificate == Certificate::Good && knows_root, "{certificate:?}\n{ran}");
    }
}
