//! What the peer of a made half does.

use account::Fault;

/// What the peer of a half does.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it sends, in order.
    pub sends: Vec<Sends>,
    /// What comes after.
    pub ending: Ending,
    /// How it takes what is written, over and over.
    pub takes: Vec<Takes>,
    /// It breaks instead of taking more bytes than these.
    pub breaks_after: Option<u64>,
    /// Whether each flush waits first.
    pub flush_waits: bool,
    /// Whether finishing waits first.
    pub finish_waits: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// So many bytes.
    Bytes(usize),
    /// Nothing, until the stage lets it go on.
    Wait,
    /// Bytes without end.
    Endless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The plain end.
    End,
    /// A reset.
    Break,
    /// It stays, and sends nothing.
    Silence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// At most so many bytes.
    UpTo(usize),
    /// Nothing, until the stage lets it go on.
    Wait,
}

impl Default for Script {
    /// Sends nothing and ends; takes everything.
    fn default() -> Self {
        Self {
            sends: Vec::new(),
            ending: Ending::End,
            takes: vec![Takes::UpTo(usize::MAX)],
            breaks_after: None,
            flush_waits: false,
            finish_waits: false,
        }
    }
}

impl Script {
    /// Sends nothing and stays; takes everything.
    pub fn silent() -> Self {
        Self { ending: Ending::Silence, ..Self::default() }
    }

    /// All that it sends.
    pub fn bytes(&self) -> u64 {
        let bytes = |sends: &Sends| match sends {
            Sends::Bytes(count) => *count as u64,
            Sends::Wait => 0,
            Sends::Endless => u64::MAX,
        };
        self.sends.iter().map(bytes).sum()
    }
}

/// Which half of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Endpoint,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Side::Client => Side::Endpoint,
            Side::Endpoint => Side::Client,
        }
    }

    /// The fault that names it.
    pub fn fault(self) -> Fault {
        match self {
            Side::Client => Fault::ClientReset,
            Side::Endpoint => Fault::EndpointReset,
        }
    }
}
