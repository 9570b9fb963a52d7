//! The target of a request (RFC 9112 section 3.2).

use crate::head::Span;
use crate::host::Host;
use crate::path::{may_be_odd, split_query};
use crate::{Method, Refusal};

/// The target of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `/path?query`.
    Origin(Span),
    /// `http://authority/path?query`: the authority, and the path with the query, which may be empty.
    Absolute(Span, Span),
    /// `*`, of OPTIONS alone.
    Asterisk,
}

impl Target {
    /// Reads the target that stands at `span` of `bytes`, and says whether its path may not be canonical.
    pub(crate) fn parse(bytes: &[u8], span: Span, method: Method) -> Result<(Self, bool), Refusal> {
        let target = bytes.get(span.start()..span.end()).unwrap_or_default();
        let classes = classes(target);
        if classes & NEVER != 0 || (classes & ODD != 0 && has_encoded_nul(target)) {
            return Err(Refusal::Target);
        }
        let parsed = match target {
            [b'/', ..] => Self::Origin(span),
            b"*" if method == Method::Options => Self::Asterisk,
            _ => Self::absolute(target, span)?,
        };
        let path = || bytes.get(parsed.path().start()..parsed.path().end()).unwrap_or_default();
        Ok((parsed, classes & (ODD | DOT) != 0 && may_be_odd(split_query(path()).0)))
    }

    fn absolute(target: &[u8], span: Span) -> Result<Self, Refusal> {
        let scheme = [&b"http://"[..], b"https://"]
            .into_iter()
            .find(|scheme| target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
        let start = scheme.ok_or(Refusal::Target)?.len();
        let rest = target.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        Host::parse(rest.get(..length).unwrap_or_default()).map_err(|_| Refusal::Target)?;
        let path = span.start() + start + length;
        Ok(Self::Absolute(Span::new(span.start() + start, path), Span::new(path, span.end())))
    }

    /// Where the path with its query stands. Empty for an absolute target without a path, which means
    /// `/`, and for `*`.
    pub fn path(self) -> Span {
        match self {
            Self::Origin(path) | Self::Absolute(_, path) => path,
            Self::Asterisk => Span::default(),
        }
    }
}

/// It is neither visible ASCII, nor the `#` of a fragment, which never travels.
const NEVER: u8 = 1;
/// It may not stay in a path as it is, or be read in two ways there.
const ODD: u8 = 1 << 1;
/// A segment of dots begins with it.
const DOT: u8 = 1 << 2;

/// Of which classes there are bytes. It looks at all of them, which is quicker than to look when to stop.
fn classes(target: &[u8]) -> u8 {
    target.iter().fold(0, |classes, byte| classes | CLASSES.get(usize::from(*byte)).copied().unwrap_or(NEVER))
}

static CLASSES: [u8; 256] = {
    let mut table = [NEVER; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        #[expect(clippy::indexing_slicing, reason = "the table has every byte")]
        {
            table[byte as usize] = match byte {
                b'#' => NEVER,
                b'%' | b';' | b'\\' => ODD,
                b'.' => DOT,
                _ => 0,
            };
        }
        byte += 1;
    }
    table
};

fn has_encoded_nul(target: &[u8]) -> bool {
    memchr::memchr_iter(b'%', target).any(|at| target.get(at + 1..at + 3) == Some(b"00"))
}
