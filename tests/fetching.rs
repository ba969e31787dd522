//! Plugins from elsewhere: let in once, kept by digest, run without a network.
//! Over a registry and a server of the rig, or over the registry that
//! `LIFEOS_REGISTRY` names (`just registry`).

use std::path::PathBuf;
use std::process::Command;

use lifeos::digest::Digest;

use crate::rig::components::{MANIFEST, task_wat, wat_with};
use crate::rig::http::Fault;
use crate::rig::push::{basic, person, push};
use crate::rig::registry::{Door, Registry};
use crate::rig::tls::{Certificate, Host};
use crate::rig::{Ran, TestRepo};

const TASK: &str = "[task.t]\nplugin = 'wat'\n";
pub(crate) const WASM: &str = "application/wasm";

/// A plugin called `wat` that differs by its version.
pub(crate) fn component(version: &str) -> Vec<u8> {
    wat_with(&task_wat("", "", "", ""), &MANIFEST.replace("0.1.0", version))
}

/// A repository whose task names a plugin that is not there yet, and whose cache is its own.
pub(crate) fn repo() -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.config(TASK);
    repo
}

fn command(repo: &TestRepo, arguments: &[&str]) -> Command {
    let mut command = repo.bare_command(arguments);
    command.arg("--cache-dir").arg(repo.scratch().join("cache"));
    // A proxy that is nowhere: whoever asks it gets no answer.
    for name in ["http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    command
}

/// The program where it may write into the checkout.
pub(crate) fn writes(repo: &TestRepo, arguments: &[&str]) -> Ran {
    repo.ran(&command(repo, arguments).output().expect("the program starts"))
}

/// The program where it may not.
#[track_caller]
pub(crate) fn reads(repo: &TestRepo, arguments: &[&str]) -> Ran {
    repo.guarded(command(repo, arguments))
}

fn forget(repo: &TestRepo) {
    std::fs::remove_dir_all(repo.scratch().join("cache")).expect("a cache");
}

/// A file with a token that nobody else may read.
fn token(repo: &TestRepo, host: &str, text: &str) -> String {
    let file: PathBuf = repo.scratch().join(format!("token-{}-{}", host.replace(':', "-"), text.len()));
    std::fs::write(&file, text).expect("a token");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
    format!("--token={host}={}", file.display())
}

#[test]
fn a_component_goes_to_a_registry_and_comes_back_as_it_was_locked() {
    let (own, elsewhere) = (Registry::start(), std::env::var("LIFEOS_REGISTRY").ok());
    let host = elsewhere.clone().unwrap_or_else(|| own.host());
    let (name, repo) = (format!("tests/run-{}/wat", std::process::id()), repo());
    let (one, two) = (component("0.1.0"), component("0.2.0"));
    let manifest = push(&host, &name, "latest", &[(WASM, &one)]);
    let source = format!("oci://{host}/{name}:latest");
    // A registry that is not ours may want to know who asks.
    let key = token(&repo, &host, &person().unwrap_or_else(|| "nobody:nothing".to_owned()));
    writes(&repo, &["plugin", "add", &source]).exits(30).says("--allow-http");
    let added = writes(&repo, &["plugin", "add", &source, "--json", "--allow-http", &key]);
    let added = added.exits(0).json();
    assert_eq!(added["source"], format!("{source}@{manifest}"));
    assert_eq!(added["digest"], Digest::of(&one).to_string());
    repo.commit("lock");
    reads(&repo, &["run", "t"]).exits(0);
    // On another machine there is nothing, and a run does not go and get it.
    forget(&repo);
    let asked = own.asked().len();
    for verb in ["check", "run"] {
        let ran = reads(&repo, &[verb, "t"]);
        ran.exits(2).says("the component of plugin wat is not on this machine").says("lifeos plugin fetch wat");
    }
    reads(&repo, &["plugin", "list"]).exits(0).says("not here: lifeos plugin fetch wat");
    assert!(elsewhere.is_some() || asked > 0 && own.asked().is_empty(), "a run asked the registry");
    // The tag moves on: what was locked is what comes.
    push(&host, &name, "latest", &[(WASM, &two)]);
    reads(&repo, &["plugin", "fetch", "--allow-http", &key]).exits(0).says("wat 0.1.0: brought, is as it was locked");
    reads(&repo, &["plugin", "fetch", "wat"]).exits(0).says("was here");
    reads(&repo, &["run", "t"]).exits(0);
    // Looked at again, by its name, it is the new one.
    writes(&repo, &["plugin", "add", "wat", "--allow-http", &key]).exits(0).says("version: 0.1.0 -> 0.2.0");
    reads(&repo, &["plugin", "list"]).exits(0).says("wat 0.2.0");
    writes(&repo, &["plugin", "add", &format!("oci://{host}/{name}:none"), "--allow-http", &key])
        .exits(30)
        .says("no such artifact");
}

#[test]
fn an_address_of_the_web_is_held_against_its_digest() {
    let (registry, repo) = (Registry::start(), repo());
    let (host, one, two) = (registry.host(), component("0.1.0"), component("0.2.0"));
    registry.put("/x.wasm", &one);
    let source = format!("http://{host}/x.wasm");
    reads(&repo, &["plugin", "add", &source]).exits(2).says("--allow-http").says("would be asked over http");
    let wrong = format!("{source}#sha256:{}", "0".repeat(64));
    reads(&repo, &["plugin", "add", &wrong, "--allow-http"]).exits(20).says(&Digest::of(&one).to_string());
    reads(&repo, &["plugin", "add", &format!("{source}#sha256:12"), "--allow-http"]).exits(2).says("64 digits");
    let right = format!("{source}#{}", Digest::of(&one));
    writes(&repo, &["plugin", "add", &right, "--allow-http"]).exits(0);
    let lock = std::fs::read_to_string(repo.path().join("lifeos.lock")).expect("a lock");
    assert!(lock.contains(&format!("source = \"{source}\"")), "{lock}");
    repo.commit("lock");
    // Other bytes at the address are another plugin, and `fetch` is not `add`.
    registry.put("/x.wasm", &two);
    reads(&repo, &["run", "t"]).exits(0);
    forget(&repo);
    reads(&repo, &["plugin", "fetch", "--allow-http"]).exits(20).says("gave other bytes than were asked for");
    writes(&repo, &["plugin", "add", "wat", "--allow-http"]).exits(0).says("version: 0.1.0 -> 0.2.0");
    for address in ["http://example.org/x.wasm", "ftp://example.org/x", "https://u:p@example.org/x", "https://example.org/x?y"] {
        reads(&repo, &["plugin", "add", address, "--allow-http"]).exits(2);
    }
}

#[test]
fn what_was_kept_and_is_damaged_is_not_there() {
    let (registry, repo) = (Registry::start(), repo());
    registry.put("/x.wasm", &component("0.1.0"));
    writes(&repo, &["plugin", "add", &format!("http://{}/x.wasm", registry.host()), "--allow-http"]).exits(0);
    repo.commit("lock");
    let name = format!("component-{}", Digest::of(&component("0.1.0")).hex());
    let kept = repo.scratch().join("cache").join(name);
    let mut bytes = std::fs::read(&kept).expect("a kept component");
    *bytes.last_mut().expect("bytes") ^= 1;
    std::fs::write(&kept, &bytes).expect("damage");
    reads(&repo, &["check", "t"]).exits(2).says("is not on this machine");
    reads(&repo, &["plugin", "fetch", "--allow-http"]).exits(0).says("brought");
    reads(&repo, &["check", "t"]).exits(0);
}

#[test]
fn a_server_that_nobody_signed_is_asked_for_nothing() {
    let server = Host::start(Certificate::Unsigned);
    let port = server.port();
    let ran = reads(&repo(), &["plugin", "add", &format!("https://127.0.0.1:{port}/x.wasm"), "--allow-http"]);
    ran.exits(30).says("cannot be reached").says("certificate");
    assert!(server.stop().is_empty(), "something was asked");
}

#[test]
fn a_token_goes_to_its_host_alone() {
    let (registry, other, repo) = (Registry::start(), Registry::start(), repo());
    let (host, there) = (registry.host(), other.host());
    let secret = "s3cret-of-the-owner";
    let token = token(&repo, &host, secret);
    let bytes = component("0.1.0");
    push(&host, "x/wat", "1", &[(WASM, &bytes)]);
    let blob = format!("/v2/x/wat/blobs/{}", Digest::of(&bytes));
    other.put("/moved.wasm", &bytes);
    other.put("/pass", b"");
    let add = |source: &str| {
        let ran = writes(&repo, &["plugin", "add", source, "--allow-http", &token, "--yes"]);
        ran.keeps_quiet_about(secret);
        ran
    };
    let shown = |registry: &Registry| -> Vec<String> {
        registry.asked().into_iter().filter_map(|asked| asked.header("authorization").map(str::to_owned)).collect()
    };
    let oci = format!("oci://{host}/x/wat:1");
    // Asked for a password, it is one; where its layer leads elsewhere, it stays behind.
    registry.close(Door { challenge: "Basic realm=\"x\"".to_owned(), takes: basic("x-access-token", secret) });
    reads(&repo, &["plugin", "add", &oci, "--allow-http"]).exits(30).says("does not let anybody without a token in");
    registry.fail(&blob, Some(Fault::Redirect(format!("http://{there}/moved.wasm"))));
    registry.asked();
    add(&oci).exits(0);
    assert_eq!(shown(&registry), vec![basic("x-access-token", secret); 2]);
    assert!(shown(&other).is_empty(), "the token went elsewhere");
    registry.fail("/x.wasm", Some(Fault::Redirect(format!("http://{there}/moved.wasm"))));
    add(&format!("http://{host}/x.wasm")).exits(0);
    assert_eq!(shown(&registry), [format!("Bearer {secret}")]);
    assert!(shown(&other).is_empty(), "the token went elsewhere");
    // A realm on another host hands out passes, and does not get the token either.
    let challenge = format!("Bearer realm=\"http://{there}/token\",service=\"s\"");
    registry.close(Door { challenge, takes: "Bearer pass-of-the-realm".to_owned() });
    add(&oci).exits(0);
    let asked = other.asked();
    assert!(asked.iter().all(|asked| asked.header("authorization").is_none()), "{asked:?}");
    assert!(asked.iter().any(|asked| asked.path == "/token?service=s&scope=repository%3Ax%2Fwat%3Apull"), "{asked:?}");
    // Realms that would have it unprotected, or nowhere, are not asked.
    for realm in ["http://example.org/token", "ftp://x", "https://u:p@example.org/t", ""] {
        registry.close(Door { challenge: format!("Bearer realm=\"{realm}\""), takes: "never".to_owned() });
        add(&oci).exits(20);
    }
    // Where the realm is on its host, it is what the pass is given for.
    let challenge = format!("Bearer realm=\"http://{host}/token\"");
    registry.close(Door { challenge, takes: "Bearer pass-of-the-realm".to_owned() });
    registry.asked();
    add(&oci).exits(0);
    let pass = "Bearer pass-of-the-realm".to_owned();
    assert_eq!(shown(&registry), [basic("x-access-token", secret), pass.clone(), pass]);
    // A token of the other host is not shown to it for a registry that asks: the pass would be the registry's.
    let theirs = self::token(&repo, &there, "s3cret-of-the-other");
    let challenge = format!("Bearer realm=\"http://{there}/token?scope=repository:private/x:push\"");
    registry.close(Door { challenge, takes: "Bearer pass-of-the-realm".to_owned() });
    other.asked();
    for tokens in [&[theirs.as_str()][..], &[token.as_str(), theirs.as_str()]] {
        writes(&repo, &[&["plugin", "add", &oci, "--allow-http", "--yes"], tokens].concat()).exits(0);
        let asked = other.asked();
        assert!(asked.iter().all(|asked| asked.header("authorization").is_none()), "{asked:?}");
        assert!(asked.iter().any(|asked| asked.path == "/token?scope=repository%3Ax%2Fwat%3Apull"), "{asked:?}");
    }
    // Whoever names one token for both means both.
    let both = self::token(&repo, &there, secret);
    writes(&repo, &["plugin", "add", &oci, "--allow-http", "--yes", &token, &both]).exits(0);
    assert_eq!(shown(&other), [basic("x-access-token", secret)]);
    registry.asked();
    // On its own host it is a bearer's.
    registry.close(Door { challenge: "Bearer".to_owned(), takes: format!("Bearer {secret}") });
    add(&oci).exits(0);
    registry.close(Door { challenge: "Bearer".to_owned(), takes: "another".to_owned() });
    add(&oci).exits(30).says("does not let this token in");
    let files = [repo.path().join("lifeos.lock"), repo.path().join("lifeos.toml")];
    for file in files {
        assert!(!std::fs::read_to_string(&file).expect("a file").contains(secret), "{} has the token", file.display());
    }
}
