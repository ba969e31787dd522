//! Bytes of a component from wherever they are, for the verbs that may ask the
//! network: `add` and `fetch`.

use clap::Args;
use lifeos::digest::Digest;
use lifeos::fetch::{FetchError, Fetcher, Timeouts};
use lifeos::plugin::lock::Entry;
use lifeos::plugin::origin::{Origin, Reference};
use lifeos::sealed::SealedFolder;

use super::checkout::Checkout;
use super::{CommandError, Global, Term, open};
use crate::cli::{keys, locked};

/// What may be asked.
#[derive(Args)]
pub(super) struct Network {
    /// Ask this machine over http, for a registry or a server of your own.
    #[arg(long)]
    allow_http: bool,
}

/// What was brought.
pub(super) struct Brought {
    pub(super) bytes: Vec<u8>,
    /// Where it comes from, to the digest of a registry's manifest.
    pub(super) origin: Origin,
}

/// Brings a component; `wanted` is its digest, where one is known.
pub(super) fn bring(
    origin: Origin,
    wanted: Option<Digest>,
    network: &Network,
    checkout: &Checkout<'_>,
    global: &Global,
    term: &Term,
) -> Result<Brought, CommandError> {
    let tokens = |host: &str| keys::key(host, global).map(|key| key.map(|(token, _)| token)).map_err(|error| error.message);
    let fetcher = Fetcher::new(&tokens, network.allow_http, Timeouts::default());
    if origin.is_remote() {
        term.note(&format!("fetching {origin}"));
    }
    let (bytes, origin) = match origin {
        Origin::File(path) => (open::bytes(&checkout.at(&path))?, Origin::File(path)),
        Origin::Web(web) => (fetcher.web(&web, wanted)?, Origin::Web(web)),
        Origin::Registry(reference) => {
            let pulled = fetcher.registry(&reference)?;
            (pulled.bytes, Origin::Registry(pulled.reference))
        }
    };
    let found = Digest::of(&bytes);
    match wanted {
        Some(wanted) if wanted != found => Err(FetchError::Digest { host: place(&origin), wanted, found }.into()),
        _ => Ok(Brought { bytes, origin }),
    }
}

fn place(origin: &Origin) -> String {
    match origin {
        Origin::Registry(Reference { host, .. }) => host.clone(),
        other => other.to_string(),
    }
}

/// Keeps a component from elsewhere, so that runs find it.
pub(super) fn keep(entry: &Entry, bytes: &[u8], folder: Option<&SealedFolder>) -> Result<(), CommandError> {
    if !entry.source.is_remote() {
        return Ok(());
    }
    let Some(folder) = folder else {
        return Err(CommandError::usage("there is no folder to keep the component in").hint("name one with --cache-dir DIR"));
    };
    folder.replace(&locked::kept_as(entry.digest), bytes).map_err(|source| {
        CommandError::new(super::Exit::Io, format!("the component was not kept: {source}")).hint("see whether the disk is full")
    })
}
