//! Pushing a component to a registry on this machine, whoever wrote it: what an
//! author does with a tool of theirs. It trusts what it talks to.

use lifeos::digest::Digest;
use serde_json::json;

use super::http;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes layers of these media types as `name:tag`; gives the digest of the manifest.
#[track_caller]
pub(crate) fn push(host: &str, name: &str, tag: &str, layers: &[(&str, &[u8])]) -> Digest {
    let config = br#"{"architecture":"wasm","os":"wasip2","layerDigests":[]}"#;
    blob(host, name, config);
    layers.iter().for_each(|(_, bytes)| blob(host, name, bytes));
    let layer = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": Digest::of(bytes), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layer("application/vnd.wasm.config.v0+json", config),
        "layers": layers.iter().map(|(kind, bytes)| layer(kind, bytes)).collect::<Vec<_>>(),
    });
    put_manifest(host, name, tag, MANIFEST, manifest.to_string().as_bytes())
}

/// Pushes a manifest as it is.
#[track_caller]
pub(crate) fn put_manifest(host: &str, name: &str, tag: &str, kind: &str, manifest: &[u8]) -> Digest {
    let (status, _) = request(host, "PUT", &format!("/v2/{name}/manifests/{tag}"), kind, manifest);
    assert_eq!(status, 201, "the registry does not take the manifest");
    Digest::of(manifest)
}

#[track_caller]
fn blob(host: &str, name: &str, bytes: &[u8]) {
    let (status, location) = request(host, "POST", &format!("/v2/{name}/blobs/uploads/"), "", b"");
    assert_eq!(status, 202, "the registry does not take uploads");
    let location = location.split_once(host).map_or(location.as_str(), |(_, path)| path);
    let (status, _) =
        request(host, "PUT", &format!("{location}&digest={}", Digest::of(bytes)), "application/octet-stream", bytes);
    assert_eq!(status, 201, "the registry does not take the blob");
}

/// The status of an answer, and where it leads.
#[track_caller]
fn request(host: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
    let who = person().map_or(String::new(), |person| {
        let (user, password) = person.split_once(':').expect("user:password");
        format!("Authorization: {}\r\n", basic(user, password))
    });
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let (status, location) = http::ask(host, &format!("{method} {path}"), &format!("{who}{kind}"), body, "location");
    (status, location.unwrap_or_default())
}

/// Who may push to the registry that the environment names: `user:password`.
pub(crate) fn person() -> Option<String> {
    std::env::var("LIFEOS_REGISTRY_PERSON").ok().filter(|person| !person.is_empty())
}

/// What stands in a header for a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{password}");
    let six = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..4)
            .map(move |at| if at <= chunk.len() { char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]) } else { '=' })
            .collect::<String>()
    };
    format!("Basic {}", text.as_bytes().chunks(3).map(six).collect::<String>())
}
