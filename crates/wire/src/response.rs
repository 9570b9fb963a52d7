//! A response's head, read strictly.

use std::mem::MaybeUninit;

use crate::Refusal;
use crate::facts::{Connection, Facts};
use crate::framing::Framing;
use crate::head::{FieldSet, Head, Limits, MOST_FIELDS, Span, Version, refuse_bare_lf, refuse_large};
use crate::plain::{StatusLine, status_line};
use crate::request::version_of;

/// What was asked, as far as it says how a response is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// By HEAD: the response has no body.
    pub head: bool,
    /// Another protocol was asked for: 101 may come.
    pub upgrade: bool,
}

/// What a response's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The version.
    pub version: Version,
    /// How long the body is.
    pub framing: Framing,
    /// The fields that say so.
    pub length_fields: FieldSet,
    /// They are to be left out: they say nothing here, or are not written as we would.
    pub odd_length: bool,
    /// `Transfer-Encoding: chunked` was said, also where there is no body.
    pub chunked: bool,
    /// What Content-Length says, also where there is no body (RFC 9110 section 8.6).
    pub length: Option<u64>,
    /// What is said to the neighbour alone.
    pub connection: Connection,
    /// The value of Upgrade.
    pub upgrade: Option<Span>,
}

impl Response {
    /// Reads the head at the beginning of `bytes` into `head`. Answers it and its length, or `None` when
    /// there is not all of it yet.
    ///
    /// # Errors
    ///
    /// It is malformed, ambiguous, larger than `limits`, or no answer to what was `asked`.
    pub fn parse(
        head: &mut Head,
        bytes: &[u8],
        limits: &Limits,
        asked: Asked,
    ) -> Result<Option<(Self, usize)>, Refusal> {
        if let Some(StatusLine { status, version, end }) = status_line(bytes)
            && let Some((facts, length)) = Facts::take_plain(head, bytes, end, version, limits)
        {
            return Self::understand(head, status, version, asked, facts).map(|response| Some((response, length)));
        }
        Self::parse_any(head, bytes, limits, asked)
    }

    /// Whatever is not plain.
    fn parse_any(
        head: &mut Head,
        bytes: &[u8],
        limits: &Limits,
        asked: Asked,
    ) -> Result<Option<(Self, usize)>, Refusal> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let room = fields.get_mut(..limits.count.min(MOST_FIELDS)).unwrap_or_default();
        let mut parsed = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let length = match config.parse_response_with_uninit_headers(&mut parsed, bytes, room) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => {
                refuse_bare_lf(bytes)?;
                refuse_large(bytes, limits)?;
                return Ok(None);
            }
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::FieldsCount),
            Err(httparse::Error::Version | httparse::Error::Token | httparse::Error::Status) => {
                return Err(Refusal::StartLine);
            }
            Err(_) => return Self::mended(head, bytes, limits, asked),
        };
        let (Some(status), Some(minor)) = (parsed.code, parsed.version) else {
            return Err(Refusal::StartLine);
        };
        let own = bytes.get(..length).unwrap_or_default();
        if !own.starts_with(b"HTTP/") {
            return Err(Refusal::StartLine);
        }
        let version = version_of(minor);
        let facts = Facts::take(head, own, parsed.headers, version, limits)?;
        Self::understand(head, status, version, asked, facts).map(|response| Some((response, length)))
    }

    /// Reads a head that is right but for blanks before a colon, which a proxy takes out of a response, and
    /// folded values, which it unfolds (RFC 9112 sections 5.1 and 5.2). Both are overwritten by blanks that
    /// mean nothing, so the head is as long as before; then it is read like any other.
    #[cold]
    fn mended(head: &mut Head, bytes: &[u8], limits: &Limits, asked: Asked) -> Result<Option<(Self, usize)>, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        let mut config = httparse::ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
        config.allow_obsolete_multiline_headers_in_responses(true);
        let length = match config.parse_response(&mut parsed, bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => {
                refuse_bare_lf(bytes)?;
                refuse_large(bytes, limits)?;
                return Ok(None);
            }
            Err(_) => return Err(Refusal::Field),
        };
        let names: Vec<_> = parsed.headers.iter().map(|field| Span::of(field.name.as_bytes(), bytes).end()).collect();
        let mut own = bytes.get(..length).unwrap_or_default().to_vec();
        for end in names {
            let blanks = own.get(end..).unwrap_or_default().iter().position(|byte| *byte == b':').unwrap_or_default();
            if let Some(blanks) = own.get_mut(end..=end + blanks) {
                blanks.rotate_right(1);
            }
        }
        let folds = memchr::memmem::find_iter(bytes.get(..length).unwrap_or_default(), b"\r\n");
        for fold in
            folds.filter(|at| matches!(bytes.get(..length).and_then(|head| head.get(at + 2)), Some(b' ' | b'\t')))
        {
            own.iter_mut().skip(fold).take(2).for_each(|byte| *byte = b' ');
        }
        // What is wrong with it still is wrong for good.
        let strict = httparse::Response::new(&mut [httparse::EMPTY_HEADER; MOST_FIELDS]).parse(&own);
        if strict != Ok(httparse::Status::Complete(length)) {
            return Err(Refusal::Field);
        }
        Self::parse(head, &own, limits, asked)
    }

    fn understand(head: &Head, status: u16, version: Version, asked: Asked, facts: Facts) -> Result<Self, Refusal> {
        let mut connection = facts.connection;
        let bodiless = matches!(status, 100..=199 | 204);
        let switches = status == 101;
        let may_switch = asked.upgrade && connection.upgrade && facts.upgrade.is_some();
        if !(100..=599).contains(&status) || (switches && !may_switch) {
            return Err(Refusal::Status);
        }
        if bodiless && (facts.chunked || facts.length.is_some_and(|length| length > 0)) {
            return Err(Refusal::ContentLength);
        }
        let framing = match (facts.length, facts.chunked) {
            _ if bodiless || status == 304 || asked.head => Framing::None,
            (_, true) => Framing::Chunked,
            (Some(0), _) => Framing::None,
            (Some(length), _) => Framing::Length(length),
            (None, _) => Framing::UntilClose,
        };
        connection.close |= framing == Framing::UntilClose || (version == Version::Http10 && !connection.keep_alive);
        Ok(Self {
            status,
            version,
            framing,
            // Without a body the length says nothing (RFC 9110 section 8.6).
            length_fields: facts.length_fields,
            odd_length: facts.odd || bodiless,
            chunked: facts.chunked,
            length: if bodiless { None } else { facts.length },
            connection,
            upgrade: facts.upgrade.map(|at| head.value_at(at)),
        })
    }

    /// Whether another response follows for the same request.
    pub fn is_interim(&self) -> bool {
        matches!(self.status, 100..=199) && self.status != 101
    }

    /// Whether the endpoint's connection may serve another request once this response is over.
    pub fn keeps_alive(&self) -> bool {
        !self.connection.close && self.status != 101
    }
}
