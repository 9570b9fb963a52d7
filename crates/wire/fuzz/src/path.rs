//! Paths: the same canonical form and the same marks as the plain reader finds, whatever the choices; and
//! what is canonical stays as it is.

use wire::{Head, Limits, Marks, Reading, Request, canonical};

/// More than libFuzzer is asked for.
const LIMITS: Limits = Limits { line: 1 << 16, fields: 1 << 16, count: 16 };

/// Holds the codec against the plain reader on a path, as far as one can come as a target.
pub fn path(bytes: &[u8]) {
    let may = |byte: &u8| byte.is_ascii_graphic() && !b"#?".contains(byte);
    let path: Vec<u8> = b"/".iter().chain(bytes.iter().filter(|byte| may(byte))).copied().collect();
    for (merges, decodes) in [(false, false), (true, false), (false, true), (true, true)] {
        alike(&path, Reading { merges, decodes });
    }
    for query in ["", "?a/./%zz"] {
        is_noticed(&path, query);
    }
}

fn alike(path: &[u8], reading: Reading) {
    let mut text = Vec::new();
    let marks = canonical(path, reading, &mut text);
    let plain = reference::path(path, reading.merges, reading.decodes);
    let (Ok(marks), Ok(plain)) = (&marks, &plain) else {
        assert_eq!(marks.is_ok(), plain.is_ok(), "{} {reading:?}", path.escape_ascii());
        return;
    };
    assert_eq!(text.escape_ascii().to_string(), plain.text.escape_ascii().to_string(), "{}", path.escape_ascii());
    let all = [
        (Marks::ENCODED_SLASH, plain.encoded_slash),
        (Marks::ENCODED_BACKSLASH, plain.encoded_backslash),
        (Marks::ENCODED_PERCENT, plain.encoded_percent),
        (Marks::BACKSLASH, plain.backslash),
        (Marks::SEMICOLON, plain.semicolon),
        (Marks::BARE_SEMICOLON, plain.bare_semicolon),
    ];
    for (mark, is_there) in all {
        assert_eq!(marks.has_any(mark), is_there, "{mark:?} in {}", path.escape_ascii());
    }
    assert!(text.len() <= path.len(), "{} grew", path.escape_ascii());
    let once = text.clone();
    assert!(canonical(&once, reading, &mut text).is_ok(), "{}", once.escape_ascii());
    assert_eq!(once.escape_ascii().to_string(), text.escape_ascii().to_string(), "{}", path.escape_ascii());
}

/// What is not canonical is called odd by who reads the head, so that nobody forgets to look.
fn is_noticed(path: &[u8], query: &str) {
    let request = [b"GET ", path, query.as_bytes(), b" HTTP/1.1\r\nHost: a.b\r\n\r\n"].concat();
    // An encoded NUL is refused with the head.
    let Ok(Some((request, _))) = Request::parse(&mut Head::default(), &request, &LIMITS) else { return };
    let mut text = Vec::new();
    let is_plain = canonical(path, Reading::default(), &mut text) == Ok(Marks::default()) && text == path;
    assert!(is_plain || request.odd_path, "{}", path.escape_ascii());
}
