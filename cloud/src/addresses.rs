//! Which addresses lie outside the public internet, and whether one that people gave can be a store's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Says what is wrong with a store's base address; the call itself looks again at what the name leads to.
pub fn check(text: &str, allow_private: bool) -> Result<(), String> {
    let address: http::Uri = text.parse().map_err(|_| "is not an address".to_owned())?;
    if !matches!(address.scheme_str(), Some("http" | "https")) {
        return Err("must begin with https:// or http://".into());
    }
    if address
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err("must not carry a user name or password".into());
    }
    if address.query().is_some() || text.contains('#') {
        return Err("must end with the shop's root path".into());
    }
    let host = address
        .host()
        .filter(|host| !host.is_empty())
        .ok_or("names no host")?;
    let literal = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let private = literal.is_ok_and(is_private) || host.eq_ignore_ascii_case("localhost");
    if private && !allow_private {
        return Err("lies in a private network, which this server does not call".into());
    }
    Ok(())
}

/// Whether an address is not on the public internet.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_private_v4(four),
        IpAddr::V6(six) => is_private_v6(six),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    // Mapped, compatible, NAT64 and 6to4 forms carry an IPv4 address that decides.
    let segments = address.segments();
    let inner = match segments {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] if !address.is_loopback() => Some((high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = inner {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_private_v4(Ipv4Addr::new(a, b, c, d));
    }
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (segments[0] & 0xfe00) == 0xfc00
        || (segments[0] & 0xffc0) == 0xfe80
        || (segments[0] & 0xffc0) == 0xfec0
        || (segments[0] == 0x2001 && segments[1] == 0x0db8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_known_in_every_spelling() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "::ffff:169.254.169.254",
        ];
        for text in private {
            assert!(is_private(text.parse().expect("an address")), "{text}");
        }
        for text in [
            "8.8.8.8",
            "93.184.216.34",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
        ] {
            assert!(!is_private(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn addresses_of_stores_are_checked() {
        assert_eq!(check("https://shop.example/eu", false), Ok(()));
        assert_eq!(check("http://127.0.0.1:5000", true), Ok(()));
        for bad in [
            "ftp://shop.example",
            "https://user:pw@shop.example",
            "https://shop.example/?a=1",
            "https://shop.example/#a",
            "not an address",
            "",
            "/root",
            "http://127.0.0.1:5000",
            "http://localhost",
            "http://[::1]/",
            "https://10.0.0.1",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
    }
}
