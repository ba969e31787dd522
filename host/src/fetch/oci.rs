//! The little of the OCI distribution specification that brings a component:
//! who to be, one manifest, one layer. It lists, pushes and deletes nothing.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::http::{Answer, Ask, Key, Transport};
use super::{FetchError, Pulled, Tokens, held};
use crate::clean;
use crate::digest::Digest;
use crate::plugin::COMPONENT_BYTES_MAX;
use crate::plugin::origin::{Reference, host, is_loopback};
use crate::token::Token;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const COMPONENT: &str = "application/wasm";
/// Bytes of a manifest.
const MANIFEST_BYTES_MAX: usize = 1 << 20;
/// Bytes of what a realm answers, and of the pass in it.
const REALM_BYTES_MAX: usize = 64 << 10;
const PASS_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: Option<String>,
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: Digest,
    size: u64,
}

/// What a realm hands out.
#[derive(Deserialize)]
struct Pass {
    token: Option<String>,
    access_token: Option<String>,
}

/// One pull: whatever pass it got stands for all its requests.
struct Pull<'a> {
    transport: &'a Transport,
    reference: &'a Reference,
    tokens: &'a Tokens<'a>,
    is_plain: bool,
    key: Known,
}

/// Who it is by now.
enum Known {
    Nobody,
    Bearer {
        value: HeaderValue,
        /// Whether it stands for a token of the owner.
        is_ours: bool,
    },
    Pair(Token),
}

/// Brings the component of a reference: by the digest of its manifest if it has
/// one, by its tag otherwise.
pub(super) fn pull(
    transport: &Transport,
    reference: &Reference,
    tokens: &Tokens<'_>,
    is_plain: bool,
) -> Result<Pulled, FetchError> {
    let mut pull = Pull { transport, reference, tokens, is_plain, key: Known::Nobody };
    let wanted = reference.digest.map(|digest| digest.to_string()).or_else(|| reference.tag.clone()).unwrap_or_default();
    let (kind, bytes) = pull.get("manifests", &wanted, MANIFEST, MANIFEST_BYTES_MAX, 0)?;
    if kind != MANIFEST {
        return Err(pull.wrong(format!("its manifest is `{kind}`, and only {MANIFEST} is one of a single artifact")));
    }
    let bytes = held(&reference.host, bytes, reference.digest)?;
    let digest = Digest::of(&bytes);
    let layer = pull.layer(&bytes)?;
    let (_, component) = pull.get("blobs", &layer.digest.to_string(), "*/*", COMPONENT_BYTES_MAX, 3)?;
    let component = held(&reference.host, component, Some(layer.digest))?;
    if component.len() as u64 != layer.size {
        return Err(pull.wrong(format!("its layer has {} bytes, and the manifest says {}", component.len(), layer.size)));
    }
    Ok(Pulled { bytes: component, reference: Reference { digest: Some(digest), ..reference.clone() } })
}

impl Pull<'_> {
    fn wrong(&self, reason: impl Into<String>) -> FetchError {
        FetchError::Malformed { host: self.reference.host.clone(), reason: reason.into() }
    }

    /// The one layer of a manifest.
    fn layer(&self, manifest: &[u8]) -> Result<Layer, FetchError> {
        let read = serde_json::from_slice(manifest);
        let Manifest { schema_version, media_type, layers } =
            read.map_err(|error| self.wrong(format!("its manifest does not read: {}", clean::line(&error.to_string()))))?;
        if schema_version != 2 || media_type.is_some_and(|kind| kind != MANIFEST) {
            return Err(self.wrong("its manifest is of another kind than it says"));
        }
        let count = layers.len();
        let Ok([layer]) = <[Layer; 1]>::try_from(layers) else {
            return Err(self.wrong(format!("it has {count} layers, and a component is one")));
        };
        if layer.media_type != COMPONENT {
            let kind = clean::line(clean::cut(&layer.media_type, 100)).into_owned();
            return Err(self.wrong(format!("its layer is `{kind}`, and a component is {COMPONENT}")));
        }
        if layer.size > COMPONENT_BYTES_MAX as u64 {
            return Err(FetchError::TooLarge { host: self.reference.host.clone(), bytes_max: COMPONENT_BYTES_MAX });
        }
        Ok(layer)
    }

    /// What the registry has, after it was told who asks if it wants to know.
    fn get(
        &mut self,
        kind: &str,
        what: &str,
        accept: &'static str,
        bytes_max: usize,
        hops_max: u32,
    ) -> Result<(String, Vec<u8>), FetchError> {
        let url = self.reference.below(kind, what, self.is_plain).ok_or_else(|| self.wrong("it is no address"))?;
        let what = if kind == "blobs" { "layer" } else { "artifact" };
        let ask = |key: &Known| {
            let key = match key {
                Known::Nobody => Key::None,
                Known::Bearer { value, .. } => Key::Header(value.clone()),
                Known::Pair(token) => Key::Pair(token),
            };
            self.transport.ask(&Ask { url: url.clone(), accept, key, bytes_max, hops_max, what })
        };
        let answer = ask(&self.key)?;
        let answer = match (answer.status, &self.key) {
            (401, Known::Nobody) => {
                self.key = self.introduced(&answer)?;
                ask(&self.key)?
            }
            _ => answer,
        };
        let kind = answer.kind.clone();
        Ok((kind, answer.body(&self.reference.host, self.shows_token())?))
    }

    fn shows_token(&self) -> bool {
        matches!(self.key, Known::Pair(_) | Known::Bearer { is_ours: true, .. })
    }

    /// Does what a challenge asks for.
    fn introduced(&self, answer: &Answer) -> Result<Known, FetchError> {
        let Challenge { scheme, realm, service } = Challenge::read(&answer.challenge);
        let stranger = || FetchError::Unauthorized { host: self.reference.host.clone(), with_token: false };
        let token = |host: &str| (self.tokens)(host).map_err(|reason| FetchError::Token { host: host.to_owned(), reason });
        match (scheme.as_str(), realm) {
            ("basic", _) => token(&self.reference.host)?.map(Known::Pair).ok_or_else(stranger),
            ("bearer", Some(realm)) => {
                let realm = self.realm(&realm, service.as_deref())?;
                let known = self.key_for(&host(&realm), &token)?;
                Ok(Known::Bearer { value: self.pass(realm, known.as_ref())?, is_ours: known.is_some() })
            }
            ("bearer", None) => {
                let value = token(&self.reference.host)?.and_then(|token| token.header()).ok_or_else(stranger)?;
                Ok(Known::Bearer { value, is_ours: true })
            }
            _ => Err(stranger()),
        }
    }

    /// The token that a realm may see. A registry says itself where its realm is, and gets the
    /// pass: one on another host sees the registry's own token alone, and only if its
    /// owner named that very token for both hosts.
    fn key_for(
        &self,
        realm: &str,
        token: &dyn Fn(&str) -> Result<Option<Token>, FetchError>,
    ) -> Result<Option<Token>, FetchError> {
        let own = token(&self.reference.host)?;
        if realm == self.reference.host {
            return Ok(own);
        }
        let theirs = own.is_some().then(|| token(realm)).transpose()?.flatten();
        Ok(theirs.filter(|theirs| own.is_some_and(|own| own.is(theirs))))
    }

    /// The address that hands out passes for reading this repository.
    fn realm(&self, realm: &str, service: Option<&str>) -> Result<Url, FetchError> {
        let mut url = Url::parse(realm).map_err(|_| self.wrong("it hands out passes at no address"))?;
        let is_plain = self.is_plain && url.scheme() == "http" && is_loopback(&url);
        if url.scheme() != "https" && !is_plain {
            return Err(self.wrong("it hands out passes over http"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.wrong("it hands out passes at an address with a password"));
        }
        url.set_fragment(None);
        // What it hands out a pass for is said here, and by nobody else.
        url.set_query(None);
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service)));
        url.query_pairs_mut().append_pair("scope", &format!("repository:{}:pull", self.reference.name));
        Ok(url)
    }

    fn pass(&self, realm: Url, token: Option<&Token>) -> Result<HeaderValue, FetchError> {
        let at = host(&realm);
        let key = token.map_or(Key::None, Key::Pair);
        let ask = Ask { url: realm, accept: "application/json", key, bytes_max: REALM_BYTES_MAX, hops_max: 0, what: "pass" };
        let body = Zeroizing::new(self.transport.ask(&ask)?.body(&at, token.is_some())?);
        let wrong = || FetchError::Malformed { host: at.clone(), reason: "it hands out no pass that can be used".to_owned() };
        let Pass { token, access_token } = serde_json::from_slice(&body).map_err(|_| wrong())?;
        let pass = Zeroizing::new(token.or(access_token).ok_or_else(wrong)?);
        if pass.len() > PASS_BYTES_MAX || !pass.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        let mut value = HeaderValue::from_str(&Zeroizing::new(format!("Bearer {}", *pass))).map_err(|_| wrong())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// How a registry wants to be asked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    /// In small letters.
    scheme: String,
    realm: Option<String>,
    service: Option<String>,
}

impl Challenge {
    /// Reads the first challenge of a header; what is not understood is left out.
    fn read(header: &str) -> Self {
        let (scheme, mut rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        let mut challenge = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        while let Some((key, after)) = rest.split_once('=') {
            let key = key.trim_matches([' ', ',']).to_ascii_lowercase();
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_once(',').unwrap_or((after, "")),
            };
            match key.as_str() {
                "realm" => challenge.realm = Some(value.to_owned()),
                "service" => challenge.service = Some(value.to_owned()),
                _ => {}
            }
            rest = left;
        }
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let read = |header| {
            let Challenge { scheme, realm, service } = Challenge::read(header);
            (scheme, realm.unwrap_or_default(), service.unwrap_or_default())
        };
        let row = |scheme: &str, realm: &str, service: &str| (scheme.to_owned(), realm.to_owned(), service.to_owned());
        let long = r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull,push""#;
        assert_eq!(read(long), row("bearer", "https://ghcr.io/token", "ghcr.io"));
        assert_eq!(read(r#"Basic realm="a b", charset=UTF-8"#), row("basic", "a b", ""));
        assert_eq!(read("Bearer"), row("bearer", "", ""));
        assert_eq!(read("Bearer realm=x,service=y"), row("bearer", "x", "y"));
        for odd in ["", "=", "Bearer =", "Bearer realm", "Bearer realm=\"", "a b=c=d"] {
            let _read = Challenge::read(odd);
        }
    }
}
