//! Where a client is. Behind a proxy, the proxy says it, in a header that anybody can send: what is said is followed
//! from the end, where the nearest proxy wrote, as long as it was a trusted one who said it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use super::addresses::Network;
use crate::config::{ForwardedHeader, TrustedProxies};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    address: IpAddr,
    /// A trusted proxy said it, well or badly.
    named: bool,
}

impl Client {
    /// The client of a request with those headers, that came from `peer`.
    pub(super) fn new(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> Self {
        let mut client = Self { address: peer.to_canonical(), named: false };
        if !proxies.include(peer) {
            return client;
        }
        let (name, address_in): (_, fn(&str) -> Option<IpAddr>) = match proxies.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            ForwardedHeader::Forwarded => (FORWARDED, address_of_element),
        };
        for value in headers.get_all(name).iter().rev() {
            // Read from the end, where the proxy wrote: a quote that is opened before and never closed hides nothing.
            for hop in value.to_str().unwrap_or_default().rsplit(',') {
                client.named = true;
                let Some(address) = address_in(hop) else { return client };
                client.address = address;
                if !proxies.include(address) {
                    return client;
                }
            }
        }
        client
    }

    /// Where it is counted. `None` on this machine, where everybody is behind a proxy, or a developer.
    pub(super) fn limited(self) -> Option<Network> {
        (self.named || !self.address.is_loopback()).then(|| self.network())
    }

    /// What tells it from others.
    pub(super) fn network(self) -> Network {
        Network::of(self.address)
    }
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

/// `for=192.0.2.1;proto=https`, or `For="[2001:db8::1]:4711"`.
fn address_of_element(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn proxies(header: ForwardedHeader) -> TrustedProxies {
        let networks =
            ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"].map(|network| network.parse().expect("valid"));
        TrustedProxies { networks: networks.to_vec(), header }
    }

    fn seen(header: ForwardedHeader, peer: &str, name: &HeaderName, lines: &[&str]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).expect("a header"));
        }
        let client = Client::new(peer.parse().expect("an address"), &headers, &proxies(header));
        (client.address.to_string(), client.named)
    }

    #[test]
    fn who_is_no_trusted_proxy_speaks_for_itself_alone() {
        for peer in ["192.0.2.1", "::1", "2001:db8::1"] {
            let seen = seen(ForwardedHeader::XForwardedFor, peer, &X_FORWARDED_FOR, &["203.0.113.9"]);
            assert_eq!(seen, (peer.to_owned(), false));
        }
    }

    #[test]
    fn a_list_is_followed_from_its_end_past_trusted_proxies_to_the_first_that_is_none() {
        for (lines, expected) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            // Whatever a client sent itself stands before what the proxy added.
            (&["127.0.0.1, 198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            (&["\"127.0.0.1, 203.0.113.9"], "203.0.113.9"),
            (&["127.0.0.1", "203.0.113.9", "10.0.0.7,10.0.0.8"], "203.0.113.9"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["[2001:db8::9]:4711 , fd00::2"], "2001:db8::9"),
            (&["2001:db8::9"], "2001:db8::9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            // Trusted ones all the way: the farthest of them asks for itself.
            (&["10.0.0.6, 10.0.0.7"], "10.0.0.6"),
        ] {
            let seen = seen(ForwardedHeader::XForwardedFor, PROXY, &X_FORWARDED_FOR, lines);
            assert_eq!(seen, (expected.to_owned(), true), "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_counts_as_the_last_that_could_and_never_as_nobody() {
        for (peer, lines, expected) in [
            (PROXY, &["unknown"][..], PROXY),
            (PROXY, &[""], PROXY),
            (PROXY, &["203.0.113.9, 256.0.0.1"], PROXY),
            (PROXY, &["203.0.113.9, nobody, 10.0.0.7"], "10.0.0.7"),
            (PROXY, &["203.0.113.9, \u{e9}"], PROXY),
            ("127.0.0.1", &["-"], "127.0.0.1"),
        ] {
            let seen = seen(ForwardedHeader::XForwardedFor, peer, &X_FORWARDED_FOR, lines);
            assert_eq!(seen, (expected.to_owned(), true), "{lines:?}");
        }
    }

    #[test]
    fn the_other_header_is_read_where_it_was_chosen_and_only_there() {
        for (line, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("for=198.51.100.1, For=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            ("proto=https; for=\"[2001:db8::9]:4711\"", "2001:db8::9"),
            ("for=\"_hidden, for=203.0.113.9", "203.0.113.9"),
            ("for=203.0.113.9, for=_hidden", PROXY),
            ("for=203.0.113.9, proto=https", PROXY),
        ] {
            let seen = seen(ForwardedHeader::Forwarded, PROXY, &FORWARDED, &[line]);
            assert_eq!(seen, (expected.to_owned(), true), "{line}");
        }
        let passed_on = seen(ForwardedHeader::Forwarded, PROXY, &X_FORWARDED_FOR, &["203.0.113.9"]);
        assert_eq!(passed_on, (PROXY.to_owned(), false));
        let passed_on = seen(ForwardedHeader::XForwardedFor, PROXY, &FORWARDED, &["for=203.0.113.9"]);
        assert_eq!(passed_on, (PROXY.to_owned(), false));
    }

    #[test]
    fn this_machine_is_limited_only_where_a_proxy_names_the_client() {
        let limited = |peer: &str, line: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(line) = line {
                headers.insert(X_FORWARDED_FOR, line.parse().expect("a header"));
            }
            let proxies = proxies(ForwardedHeader::XForwardedFor);
            Client::new(peer.parse().expect("an address"), &headers, &proxies).limited()
        };
        let network = |address: &str| Some(Network::of(address.parse().expect("an address")));
        assert_eq!(limited("127.0.0.1", None), None);
        assert_eq!(limited("127.0.0.1", Some("203.0.113.9")), network("203.0.113.9"));
        assert_eq!(limited("127.0.0.1", Some("no address")), network("127.0.0.1"));
        assert_eq!(limited("192.0.2.1", None), network("192.0.2.1"));
        assert_eq!(limited("::1", Some("203.0.113.9")), None, "not one of the trusted");
    }
}
