//! The target of a request (RFC 9112 section 3.2).

use crate::head::Span;
use crate::host::Host;
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
    /// Reads the target that stands at `span` of `bytes`.
    pub(crate) fn parse(bytes: &[u8], span: Span, method: Method) -> Result<Self, Refusal> {
        let target = bytes.get(span.start()..span.end()).unwrap_or_default();
        if !target.iter().all(|byte| is_target(*byte)) || has_encoded_nul(target) {
            return Err(Refusal::Target);
        }
        match target {
            [b'/', ..] => Ok(Self::Origin(span)),
            b"*" if method == Method::Options => Ok(Self::Asterisk),
            _ => Self::absolute(target, span),
        }
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

/// Visible ASCII but the `#` of a fragment, which never travels.
fn is_target(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && byte != b'#'
}

fn has_encoded_nul(target: &[u8]) -> bool {
    memchr::memchr_iter(b'%', target).any(|at| target.get(at + 1..at + 3) == Some(b"00"))
}
