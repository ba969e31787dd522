//! From a name to the addresses that a request may go to. A connection is made to
//! what was looked at here, so that a name which means something else a moment
//! later leads nowhere new. An address that is written out is never looked up: it is
//! held against the same rule where it is parsed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of the public network.
    Public,
    /// Those of this machine.
    Machine,
    /// All.
    Any,
}

/// How a name is looked up.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// Looks names up, and leaves out what is out of scope.
pub(crate) struct Resolver {
    scope: Scope,
    lookup: Lookup,
}

/// A name has addresses, and none that may be gone to.
#[derive(Debug, thiserror::Error)]
#[error("none of its addresses may be gone to")]
pub(crate) struct OutOfScope(pub(crate) Scope);

impl Resolver {
    pub(crate) fn new(scope: Scope, lookup: Lookup) -> Self {
        Self { scope, lookup }
    }
}

/// As the system looks names up.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (scope, lookup) = (self.scope, Arc::clone(&self.lookup));
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || lookup(name.as_str())).await??;
            let kept: Vec<_> = found.iter().filter(|address| scope.has(**address)).map(|ip| SocketAddr::new(*ip, 0)).collect();
            if kept.is_empty() && !found.is_empty() {
                return Err(OutOfScope(scope).into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

impl Scope {
    /// Whether an address is in it.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Machine => address.to_canonical().is_loopback(),
            Self::Any => true,
        }
    }
}

/// Whether an address is one of the public network: not of this machine, of a
/// private or local network, of many, or of nobody.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_reserved = match address.octets() {
        // This network; shared by a provider's customers; for protocols; once for relays; for measurements.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] => true,
        [100, second, ..] => second & 0xc0 == 0x40,
        [198, second, ..] if second & 0xfe == 18 => true,
        // For later, and everybody.
        [240..=255, ..] => true,
        _ => false,
    };
    let is_local = address.is_loopback() || address.is_private() || address.is_link_local();
    !(is_reserved || is_local || address.is_multicast() || address.is_documentation())
}

/// The public ones are within 2000::/3; of those, some carry another address inside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let inner = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        // Mapped, and translated: what they mean is what they carry.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(inner(high, low))
        }
        // Tunnels of old, benchmarks, overlays, documents.
        [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_135_addresses_inside_of_networks_are_not_public() {
        let of = |text: &str| is_public(text.parse().expect(text));
        for inside in [
            "127.0.0.1",
            "127.255.0.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
            "5f00::1",
            "4000::1",
        ] {
            assert!(!of(inside), "{inside}");
        }
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(of(public), "{public}");
        }
    }

    #[test]
    fn this_machine_is_this_machine_in_either_form() {
        let has = |text: &str| Scope::Machine.has(text.parse().expect(text));
        assert!(has("127.0.0.1") && has("::1") && has("::ffff:127.0.0.1"));
        assert!(!has("10.0.0.1") && !has("8.8.8.8"));
    }
}
