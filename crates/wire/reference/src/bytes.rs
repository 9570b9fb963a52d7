//! Words of the grammar (RFC 9110 section 5.6).

/// `token = 1*tchar` (RFC 9110 section 5.6.2).
pub fn is_token(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// `OWS = *( SP / HTAB )` on both sides (RFC 9110 section 5.6.3).
pub fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The members of a list (RFC 9110 section 5.6.1), in lower case.
pub fn list(value: &[u8]) -> Vec<Vec<u8>> {
    value.split(|byte| *byte == b',').map(|member| without_blanks(member).to_ascii_lowercase()).collect()
}

/// `1*DIGIT`, as a number that has room.
pub fn number(digits: &[u8]) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let mut number: u128 = 0;
    for digit in digits {
        // More than any u64 stays more.
        number = (number * 10 + u128::from(digit.wrapping_sub(b'0'))).min(1 << 100);
    }
    u64::try_from(number).ok().filter(|_| all_digits)
}
