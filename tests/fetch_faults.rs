//! What a registry or a server can do wrong while a plugin is let in, and that
//! nothing comes of it.

use std::time::{Duration, Instant};

use lifeos::digest::Digest;
use lifeos::fetch::{FetchError, Fetcher, Timeouts};
use lifeos::plugin::origin::Origin;

use crate::fetching::{WASM, component, reads, repo, writes};
use crate::rig::http::Fault;
use crate::rig::push::{push, put_manifest};
use crate::rig::registry::Registry;

#[test]
fn a_registry_that_gives_something_else_is_refused() {
    let (registry, repo) = (Registry::start(), repo());
    let (host, good) = (registry.host(), component("0.1.0"));
    let index = "application/vnd.oci.image.index.v1+json";
    let digest = push(&host, "x/good", "1", &[(WASM, &good)]);
    push(&host, "x/two", "1", &[(WASM, &good), (WASM, &good)]);
    push(&host, "x/tar", "1", &[("application/vnd.oci.image.layer.v1.tar", &good)]);
    push(&host, "x/odd", "1", &[(WASM, b"no component")]);
    put_manifest(&host, "x/index", "1", index, br#"{"schemaVersion":2,"manifests":[]}"#);
    let manifest = |text: &str| put_manifest(&host, "x/bad", "1", crate::rig::push::MANIFEST, text.as_bytes());
    let add = |name: &str| reads(&repo, &["plugin", "add", &format!("oci://{host}/{name}"), "--allow-http"]);
    add("x/two:1").exits(20).says("it has 2 layers");
    add("x/tar:1").exits(20).says("its layer is `application/vnd.oci.image.layer.v1.tar`");
    add("x/odd:1").exits(2).says("is not a WebAssembly component");
    add("x/index:1").exits(20).says("its manifest is `application/vnd.oci.image.index.v1+json`");
    add(&format!("x/good:1@{}", Digest::of(b"other"))).exits(30).says("no such artifact");
    let size = |size: usize| {
        format!(r#"{{"schemaVersion":2,"layers":[{{"mediaType":"{WASM}","digest":"{}","size":{size}}}]}}"#, Digest::of(&good))
    };
    for (text, code, words) in [
        ("{", 20, "its manifest does not read"),
        (r#"{"schemaVersion":1,"layers":[]}"#, 20, "of another kind than it says"),
        (r#"{"schemaVersion":2,"layers":[]}"#, 20, "it has 0 layers"),
        (&size(1), 20, "the manifest says 1"),
        (&size(1 << 40), 21, "more than 67108864 bytes"),
    ] {
        manifest(text);
        add("x/bad:1").exits(code).says(words);
    }
    let manifests = format!("/v2/x/good/manifests/{digest}");
    registry.fail(&manifests, Some(Fault::Other(crate::rig::push::MANIFEST.to_owned(), b"{}".to_vec())));
    add(&format!("x/good@{digest}")).exits(20).says("gave other bytes than were asked for").says(&digest.to_string());
    registry.fail(&manifests, None);
    let other = component("6.6.6");
    registry.fail("/v2/x/good/blobs", Some(Fault::Other(WASM.to_owned(), other.clone())));
    add("x/good:1").exits(20).says("gave other bytes").says(&Digest::of(&other).to_string());
    registry.fail("/v2/x/good/blobs", None);
    // Nothing of all that was kept: the good one is still brought.
    writes(&repo, &["plugin", "add", &format!("oci://{host}/x/good:1"), "--allow-http"]).exits(0);
    for name in ["../x:1", "x/../y:1", "a..b:1", "X:1", "x:1?a", "x"] {
        add(name).exits(2).says("oci:// is followed by HOST/NAME:TAG");
    }
}

#[test]
fn what_breaks_on_the_way_changes_nothing() {
    let (registry, repo) = (Registry::start(), repo());
    let host = registry.host();
    push(&host, "x/wat", "1", &[(WASM, &component("0.1.0"))]);
    registry.put("/x.wasm", &component("0.1.0"));
    let faults = [
        (Fault::Status(500, String::new(), Vec::new()), 30, "answered with status 500"),
        (Fault::Status(404, String::new(), Vec::new()), 30, "has no such"),
        (Fault::Status(403, String::new(), Vec::new()), 30, "does not let anybody without a token in"),
        (Fault::Cut, 30, "the connection broke before the answer"),
        (Fault::Huge, 21, "bytes"),
        (Fault::Promise(1 << 40), 21, "bytes"),
        (Fault::Redirect("http://example.org/x.wasm".to_owned()), 30, "points elsewhere, which is not followed"),
        (Fault::Redirect("file:///etc/passwd".to_owned()), 30, "points elsewhere, which is not followed"),
        (Fault::Redirect(String::new()), 30, "points elsewhere, which is not followed"),
    ];
    for (fault, code, words) in faults {
        for (path, source) in [
            ("/x.wasm", format!("http://{host}/x.wasm")),
            ("/v2/x/wat/manifests", format!("oci://{host}/x/wat:1")),
            ("/v2/x/wat/blobs", format!("oci://{host}/x/wat:1")),
        ] {
            registry.fail(path, Some(fault.clone()));
            reads(&repo, &["plugin", "add", &source, "--allow-http"]).exits(code).says(words);
            registry.fail(path, None);
        }
    }
    let other = Registry::start();
    registry.fail("/v2/x/wat/manifests", Some(Fault::Redirect(format!("http://{}/x", other.host()))));
    let ran = reads(&repo, &["plugin", "add", &format!("oci://{host}/x/wat:1"), "--allow-http"]);
    ran.exits(30).says("is there or nowhere");
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
    registry.fail("/x.wasm", Some(Fault::Redirect("/x.wasm".to_owned())));
    registry.asked();
    let around = format!("http://{host}/x.wasm");
    reads(&repo, &["plugin", "add", &around, "--allow-http"]).exits(30).says("more than 3 times");
    assert_eq!(registry.asked().len(), 4);
    drop(registry);
    reads(&repo, &["plugin", "add", &format!("oci://{host}/x/wat:1"), "--allow-http"]).exits(30).says("cannot be reached");
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let registry = Registry::start();
    let nobody = |_: &str| Ok(None);
    let timeouts = Timeouts { whole: Duration::from_millis(400), silence: Duration::from_secs(5) };
    let started = Instant::now();
    for path in ["/x.wasm", "/v2/x/wat/manifests/1"] {
        registry.fail(path, Some(Fault::Hang));
    }
    let fetcher = Fetcher::new(&nobody, true, timeouts);
    let origin = |text: String| Origin::parse(&text).expect("a source");
    let Origin::Web(web) = origin(format!("http://{}/x.wasm", registry.host())) else { panic!("no address") };
    assert!(matches!(fetcher.web(&web, None), Err(FetchError::TimedOut { .. })));
    let Origin::Registry(reference) = origin(format!("oci://{}/x/wat:1", registry.host())) else { panic!("no reference") };
    assert!(matches!(fetcher.registry(&reference), Err(FetchError::TimedOut { .. })));
    assert!(started.elapsed() < Duration::from_secs(4));
}
