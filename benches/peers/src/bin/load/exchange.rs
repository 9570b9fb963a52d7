//! One exchange on one connection: bytes out, bytes back, each of them checked.

use std::io;
use std::net::TcpStream;

use crate::get::Get;
use crate::own::Own;
use peers::wire::Pattern;

/// Which way the weight goes.
#[derive(Clone, Copy)]
pub enum Way {
    /// A request of so many bytes, head included, for an answer of so many.
    Ask { request: u32, answer: u64 },
    /// So many bytes to the endpoint, which answers with a head.
    Give { bytes: u64 },
    /// An HTTP request for a body of so many bytes.
    Get { bytes: u64 },
}

/// What a step left behind.
#[derive(PartialEq, Eq)]
pub enum Progress {
    /// Everything that can be sent is sent: wait for bytes.
    Waits,
    /// The socket is full: wait for room.
    Full,
    Done,
}

/// An exchange under way, in whichever protocol.
pub enum Exchange {
    Own(Own),
    Get(Get),
}

impl Exchange {
    pub fn new(way: Way, salt: u16) -> Self {
        match way {
            Way::Ask { request, answer } => Self::Own(Own::ask(request, answer, salt)),
            Way::Give { bytes } => Self::Own(Own::give(bytes, salt)),
            Way::Get { bytes } => Self::Get(Get::new(bytes, salt)),
        }
    }

    /// Bytes sent, and bytes that came back and could be checked and were right.
    pub fn moved(&self) -> (u64, u64) {
        match self {
            Self::Own(own) => own.moved(),
            Self::Get(get) => get.moved(),
        }
    }

    /// Whether the answer says that the connection ends with it.
    pub fn closes(&self) -> bool {
        match self {
            Self::Own(_) => false,
            Self::Get(get) => get.closes(),
        }
    }

    /// Sends what fits.
    pub fn send(&mut self, stream: &TcpStream, pattern: &Pattern) -> io::Result<Progress> {
        match self {
            Self::Own(own) => own.send(stream, pattern),
            Self::Get(get) => get.send(stream),
        }
    }

    /// Reads once and checks what came. An error of kind InvalidData means that it was not the
    /// answer to this exchange.
    pub fn receive(&mut self, stream: &TcpStream, pattern: &Pattern, scratch: &mut [u8]) -> io::Result<Progress> {
        match self {
            Self::Own(own) => own.receive(stream, pattern, scratch),
            Self::Get(get) => get.receive(stream, pattern, scratch),
        }
    }
}
