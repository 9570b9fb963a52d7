//! Which form of an answer a client likes best (RFC 9110 section 12.5.1).

/// How an answer of ours may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `text/plain`.
    Text,
    /// `application/json`.
    Json,
    /// The same as `application/problem+json` (RFC 9457), which only who names it gets.
    Problem,
}

/// How well a form fits: by quality, then by how closely it was named. Nothing fits worse than what is refused.
type Fit = (u16, Closeness);

/// How closely a range names a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// Not at all.
    None,
    /// `*/*`.
    Any,
    /// `text/*`.
    Type,
    /// `text/plain`.
    Exact,
}

/// The form that these values of `Accept` like best; text, where they like others no better.
///
/// The quality of a form is that of the range which names it most closely. Of two with the same quality the
/// one that is named more closely is taken: who says `application/json, */*` wants JSON.
pub fn form_for<'a>(values: impl Iterator<Item = &'a [u8]>) -> Form {
    let mut fits = [(0, Closeness::None); 3];
    for range in values.flat_map(|value| split(value, b',')).filter_map(read) {
        for (fit, (kind, subtype)) in fits.iter_mut().zip(FORMS) {
            let closeness = closeness(&range, kind, subtype);
            if closeness > fit.1 || (closeness == fit.1 && range.quality > fit.0) {
                *fit = (range.quality, closeness);
            }
        }
    }
    let [text, json, problem] = fits;
    // One that is refused fits nobody, however closely it was named.
    let wanted = |fit: Fit| if fit.0 == 0 { (0, Closeness::None) } else { fit };
    let named = problem.1 == Closeness::Exact && wanted(problem) >= wanted(json);
    match (named, wanted(problem) > wanted(text), wanted(json) > wanted(text)) {
        (true, true, _) => Form::Problem,
        (_, _, true) => Form::Json,
        _ => Form::Text,
    }
}

const FORMS: [(&[u8], &[u8]); 3] = [(b"text", b"plain"), (b"application", b"json"), (b"application", b"problem+json")];

/// A media range, and its quality in thousandths.
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    quality: u16,
}

/// Reads a range. One that is malformed says nothing; parameters but `q` are not looked at, since none of
/// our forms has another.
fn read(text: &[u8]) -> Option<Range<'_>> {
    let mut parts = split(text, b';').map(<[u8]>::trim_ascii);
    let name = parts.next()?;
    let slash = name.iter().position(|byte| *byte == b'/')?;
    let (kind, subtype) = (name.get(..slash)?, name.get(slash + 1..)?);
    let mut quality = 1000;
    for part in parts {
        if let [b'q' | b'Q', b'=', value @ ..] = part {
            quality = thousandths(value)?;
        }
    }
    Some(Range { kind, subtype, quality })
}

/// `0.5` is 500. At most three digits, and at most 1.
fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, rest) = text.split_first()?;
    let digits = match rest {
        [] => rest,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let fraction = digits.iter().chain(b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, fraction) {
        (b'0', fraction) => Some(fraction),
        (b'1', 0) => Some(1000),
        _ => None,
    }
}

fn closeness(range: &Range<'_>, kind: &[u8], subtype: &[u8]) -> Closeness {
    match (range.kind, range.subtype) {
        (b"*", b"*") => Closeness::Any,
        (one, b"*") if one.eq_ignore_ascii_case(kind) => Closeness::Type,
        (one, other) if one.eq_ignore_ascii_case(kind) && other.eq_ignore_ascii_case(subtype) => Closeness::Exact,
        _ => Closeness::None,
    }
}

/// The parts between `mark`s that do not stand in quotes.
fn split(text: &[u8], mark: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |byte| {
        let ends = !quoted && *byte == mark;
        (quoted, escaped) = match (*byte, escaped) {
            (b'"', false) => (!quoted, false),
            (b'\\', false) => (quoted, quoted),
            _ => (quoted, false),
        };
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Form {
        form_for(accept.split('\n').map(str::as_bytes))
    }

    #[test]
    fn text_is_what_a_client_gets_that_likes_nothing_better() {
        for accept in [
            "",
            "*/*",
            "text/plain",
            "text/*",
            "text/html",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "application/json, text/plain, */*",
            "application/json;q=0.5, text/plain",
            "application/json;q=0.5, */*",
            "application/json;q=0, text/plain;q=0",
            "application/json;q=0",
            "*/*;q=0",
            "image/png",
            "text/plain;q=0.5, application/*;q=0.4",
            "TEXT/PLAIN, APPLICATION/JSON",
        ] {
            assert_eq!(of(accept), Form::Text, "{accept}");
        }
    }

    #[test]
    fn json_is_for_who_likes_it_better() {
        for accept in [
            "application/json",
            "Application/JSON",
            "application/*",
            "application/json, */*",
            "application/json, */*;q=0.5",
            "*/*;q=0.5\napplication/json",
            "application/json;q=0.9, text/plain;q=0.8",
            "application/json ; q=0.001",
            "application/json;charset=utf-8, text/plain;q=0.9",
            "text/plain;q=0, */*",
            "text/*;q=0.1, application/*;q=0.2",
            "text/plain;q=0.4, text/*, application/json;q=0.5",
            "text/plain;x=\"a, b\\\", c\";q=0.1, application/json;q=0.2",
            "application/json, application/problem+json;q=0.5",
        ] {
            assert_eq!(of(accept), Form::Json, "{accept}");
        }
    }

    #[test]
    fn a_problem_is_for_who_names_it() {
        for accept in [
            "application/problem+json",
            "application/problem+json, application/json",
            "application/json;q=0.9, application/problem+json",
            "application/problem+json, */*",
            "application/problem+json;q=0.5, text/plain;q=0.4",
        ] {
            assert_eq!(of(accept), Form::Problem, "{accept}");
        }
        assert_eq!(of("application/problem+json;q=0, application/json"), Form::Json);
        assert_eq!(of("application/problem+json;q=0"), Form::Text);
        assert_eq!(of("application/problem+json;q=0.1, text/plain"), Form::Text);
    }

    #[test]
    fn a_range_that_is_malformed_says_nothing() {
        for accept in [
            "json",
            "application/json;q=2",
            "application/json;q=",
            "application/json;q=0.1234",
            "application/json;q=x",
            "*/json",
            ";",
            ",",
        ] {
            assert_eq!(of(accept), Form::Text, "{accept}");
        }
        assert_eq!(of("application/json;q=1.1, application/json;q=0.3"), Form::Json);
    }

    #[test]
    fn qualities_have_three_digits() {
        for (text, quality) in [("1", 1000), ("1.", 1000), ("1.000", 1000), ("0", 0), ("0.5", 500), ("0.123", 123)] {
            assert_eq!(thousandths(text.as_bytes()), Some(quality), "{text}");
        }
        for wrong in ["", "1.001", "2", "0.1234", ".5", "0,5", "0.x", "-0"] {
            assert_eq!(thousandths(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
