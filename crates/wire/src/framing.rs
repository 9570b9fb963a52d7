//! How long a body is (RFC 9112 section 6.3).

/// How long a body is, as its head says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// There is none.
    #[default]
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks, the last of which is empty.
    Chunked,
    /// All there is until the connection ends. Only a response can be so.
    UntilClose,
}

impl Framing {
    /// Whether the head does not say how long it is.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Chunked | Self::UntilClose)
    }
}
