//! The list of hosts that are reached without a proxy: the value of `NO_PROXY`. Pure.

use std::net::IpAddr;

/// Hosts that are reached without a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProxy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Every,
    /// A domain and everything below it.
    Domain(String),
    /// An address, or the network of the addresses that begin with the same so many bits.
    Network {
        address: IpAddr,
        prefix_bits: u32,
    },
}

impl NoProxy {
    /// Reads a list separated by commas or white space: `*`, a host or domain with or without a
    /// leading dot, `host:port`, an address, a network as `address/bits`.
    ///
    /// # Errors
    /// The entry that is a network by its look and none by its content.
    pub fn parse(value: &str) -> Result<Self, String> {
        let rules = value
            .split(|character: char| character == ',' || character.is_whitespace())
            .filter(|entry| !entry.is_empty())
            .map(|entry| rule(entry).ok_or_else(|| entry.to_owned()))
            .collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether a host is on the list. `host` is a name or an address without brackets.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let host = normal_host(host);
        let address = host
            .parse::<IpAddr>()
            .ok()
            .map(|found| found.to_canonical());
        self.rules.iter().any(|rule| {
            rule.port.is_none_or(|only| only == port)
                && match &rule.hosts {
                    Hosts::Every => true,
                    Hosts::Domain(domain) => address.is_none() && is_at_or_below(&host, domain),
                    Hosts::Network {
                        address: network,
                        prefix_bits,
                    } => address.is_some_and(|address| is_within(address, *network, *prefix_bits)),
                }
        })
    }
}

fn rule(entry: &str) -> Option<Rule> {
    if entry == "*" {
        return Some(Rule {
            hosts: Hosts::Every,
            port: None,
        });
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let address: IpAddr = normal_host(address).parse().ok()?;
        let prefix_bits: u32 = bits.parse().ok()?;
        return (prefix_bits <= width(address)).then_some(Rule {
            hosts: Hosts::Network {
                address,
                prefix_bits,
            },
            port: None,
        });
    }
    let (host, port) = split_port(entry);
    let host = normal_host(host);
    let hosts = match host.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            Hosts::Network {
                address,
                prefix_bits: width(address),
            }
        }
        Err(_) => {
            let domain = host.strip_prefix('*').unwrap_or(&host);
            Hosts::Domain(domain.trim_start_matches('.').to_owned())
        }
    };
    Some(Rule { hosts, port })
}

/// Splits `host:port`. An IPv6 address has a port only behind brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((host, port)) = entry.rsplit_once(':')
        && (!host.contains(':') || host.ends_with(']'))
        && let Ok(port) = port.parse()
    {
        return (host, Some(port));
    }
    (entry, None)
}

/// Lower case, without brackets and without the dot of a fully qualified name.
fn normal_host(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// Whether a name is the domain or ends with a dot and the domain.
fn is_at_or_below(host: &str, domain: &str) -> bool {
    !domain.is_empty()
        && host
            .strip_suffix(domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => u32::BITS,
        IpAddr::V6(_) => u128::BITS,
    }
}

fn is_within(address: IpAddr, network: IpAddr, prefix_bits: u32) -> bool {
    let (differing, width) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(one.to_bits() ^ other.to_bits()), u32::BITS)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), u128::BITS),
        _ => return false,
    };
    // A prefix of no bits shifts everything out, which `checked_shr` calls an overflow.
    differing
        .checked_shr(width.saturating_sub(prefix_bits))
        .unwrap_or(0)
        == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(list: &str, host: &str, port: u16) -> bool {
        NoProxy::parse(list).unwrap().matches(host, port)
    }

    #[test]
    fn names_match_at_label_boundaries() {
        for list in [
            "example.com",
            ".example.com",
            "*.example.com",
            "EXAMPLE.com.",
        ] {
            assert!(matches(list, "example.com", 443), "{list}");
            assert!(matches(list, "crm.example.com", 443), "{list}");
            assert!(matches(list, "a.b.Example.COM.", 443), "{list}");
            assert!(!matches(list, "badexample.com", 443), "{list}");
            assert!(!matches(list, "example.com.evil.test", 443), "{list}");
            assert!(!matches(list, "com", 443), "{list}");
        }
        assert!(!matches("crm.example.com", "example.com", 443));
        assert!(!matches("", "example.com", 443));
        assert!(!matches(" , .", "example.com", 443));
        assert!(matches("*", "example.com", 443));
        assert!(matches("a.test b.test,,c.test", "b.test", 443));
    }

    #[test]
    fn a_port_limits_the_entry_to_it() {
        assert!(matches("example.com:8443", "example.com", 8443));
        assert!(!matches("example.com:8443", "example.com", 443));
        assert!(matches("[2001:db8::1]:8443", "2001:db8::1", 8443));
        assert!(!matches("[2001:db8::1]:8443", "2001:db8::1", 443));
        assert!(matches("192.0.2.7:80", "192.0.2.7", 80));
    }

    #[test]
    fn addresses_and_networks_match_numerically() {
        for (list, host, expected) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.7", "x.192.0.2.7", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.6/31", "192.0.2.7", true),
            ("192.0.2.6/32", "192.0.2.7", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::1", "2001:DB8:0::1", true),
            ("2001:db8::1", "[2001:db8::1]", true),
            ("192.0.2.7", "::ffff:192.0.2.7", true),
            ("10.0.0.0/8", "crm.example.com", false),
        ] {
            assert_eq!(matches(list, host, 443), expected, "{list} {host}");
        }
    }

    #[test]
    fn a_network_that_is_none_is_an_error() {
        for entry in [
            "10.0.0.0/33",
            "10.0/8",
            "example.com/8",
            "::/129",
            "10.0.0.0/",
        ] {
            assert_eq!(
                NoProxy::parse(&format!("a.test,{entry}")),
                Err(entry.to_owned())
            );
        }
    }
}
