//! An authority: a name or an address, and a port (RFC 3986 section 3.2).

use crate::bytes::number;

/// The name, without a dot at its end, and the port. `None` when it is no authority.
pub fn authority(text: &[u8]) -> Option<(Vec<u8>, Option<u16>)> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (is_ipv6(address).then(|| format!("[{address}]"))?, port)
        }
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let name = name.strip_suffix('.').unwrap_or(name);
            (name.split('.').all(is_label).then(|| name.to_owned())?, port)
        }
    };
    let port = match port {
        "" | ":" => None,
        _ => {
            let digits = port.strip_prefix(':').filter(|digits| digits.len() <= 5)?;
            Some(u16::try_from(number(digits.as_bytes())?).ok()?)
        }
    };
    Some((name.into_bytes(), port))
}

/// `unreserved / sub-delims`, but for what no name of a host has: brackets round and commas.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_~!$&'*+;=".contains(c))
}

/// `IPv6address`: eight groups, or fewer around one `::`; the last two may be an IPv4 address.
fn is_ipv6(address: &str) -> bool {
    let groups = |part: &str, is_last: bool| -> Option<usize> {
        let groups: Vec<&str> = if part.is_empty() { vec![] } else { part.split(':').collect() };
        let mut count = 0;
        for (at, group) in groups.iter().enumerate() {
            count += match is_last && at + 1 == groups.len() && is_ipv4(group) {
                true => 2,
                false if is_group(group) => 1,
                false => return None,
            };
        }
        Some(count)
    };
    match address.split_once("::") {
        Some((before, after)) => match (groups(before, false), groups(after, true)) {
            (Some(before), Some(after)) => before + after <= 7,
            _ => false,
        },
        None => groups(address, true) == Some(8),
    }
}

fn is_group(group: &str) -> bool {
    (1..=4).contains(&group.len()) && group.chars().all(|c| c.is_ascii_hexdigit())
}

/// `IPv4address`: four numbers below 256, without a zero in front.
fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_part = |part: &&str| {
        let plain = part.len() == 1 || !part.starts_with('0');
        plain && part.len() <= 3 && number(part.as_bytes()).is_some_and(|part| part < 256)
    };
    parts.len() == 4 && parts.iter().all(is_part)
}
