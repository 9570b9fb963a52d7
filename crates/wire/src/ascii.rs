//! Classes of bytes.

/// A byte of a token (RFC 9110 section 5.6.2).
pub const fn is_token(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'z' | b'|' | b'~')
}

/// Whether a whole value is a token.
pub fn all_token(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| is_token(*byte))
}

/// A value without the blanks around it.
pub fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(start) = value.iter().position(|byte| !blank(byte)) else {
        return &[];
    };
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// The members of a comma separated list, without the blanks around them. Empty ones too.
pub fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim)
}

/// The number that decimal digits say, and nothing but digits.
pub fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_grammar() {
        let tokens: Vec<u8> = (0..=255).filter(|byte| is_token(*byte)).collect();
        let symbols = b"!#$%&'*+-.^_`|~";
        assert_eq!(tokens.len(), 10 + 26 + 26 + symbols.len());
        assert!(symbols.iter().all(|byte| is_token(*byte)));
        assert!(!all_token(b"") && all_token(b"chunked") && !all_token(b"a b"));
    }

    #[test]
    fn lists_are_split_and_trimmed() {
        let list: Vec<&[u8]> = members(b" a,\tb c ,, ").collect();
        assert_eq!(list, [&b"a"[..], b"b c", b"", b""]);
    }

    #[test]
    fn numbers_are_digits_alone() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for wrong in [&b""[..], b"18446744073709551616", b"+5", b"-1", b"0x5", b"1_0", b"1 0", b" 5"] {
            assert_eq!(decimal(wrong), None);
        }
    }
}
