//! As much of HTTP/1.1 as `load` and `endpoint` need: where a head ends, and what its fields say.

/// A longer head is no honest peer's.
pub const LONGEST_HEAD: usize = 64 * 1024;

/// How many bytes the head at the start of these has, its empty line included; `None` while the end
/// of it is not there.
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(rest) = bytes.get(from..) {
        let end = from + rest.iter().position(|byte| *byte == b'\n')? + 1;
        if bytes.get(..end).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
            return Some(end);
        }
        from = end;
    }
    None
}

/// The first line of a head, by its words. `None` for bytes that are no text.
pub fn start_line(head: &[u8]) -> Option<impl Iterator<Item = &str>> {
    let line = lines(head).next()?;
    Some(std::str::from_utf8(line).ok()?.split(' '))
}

/// The value of a field, whose name may be written in any case.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    lines(head).skip(1).find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

/// A number in digits alone.
pub fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-LENGTH:  256 \r\nX-Content-Length: 1\r\n\r\n";

    #[test]
    fn a_head_ends_after_its_empty_line_and_not_before() {
        let more = [HEAD, b"\r\n\r\n"].concat();
        assert_eq!(head_length(&more), Some(HEAD.len()));
        for end in 0..HEAD.len() {
            assert_eq!(head_length(&HEAD[..end]), None);
        }
    }

    #[test]
    fn a_field_is_found_in_any_case_and_only_by_its_whole_name() {
        assert_eq!(field(HEAD, "Content-Length"), Some(&b"256"[..]));
        assert_eq!(field(HEAD, "Content-Lengt"), None);
        assert_eq!(field(HEAD, "Length"), None);
    }

    #[test]
    fn a_number_has_digits_alone() {
        assert_eq!(number(b"1048576"), Some(1 << 20));
        for wrong in [&b""[..], b"+1", b"1 ", b"0x1", b"99999999999999999999"] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_first_line_has_words() {
        let words: Vec<_> = start_line(HEAD).into_iter().flatten().collect();
        assert_eq!(words, ["HTTP/1.1", "200", "OK"]);
    }
}
