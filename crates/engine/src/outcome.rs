//! What an order to the engine came to.

use plan::Address;

/// What became of a plan that was to be applied.
#[derive(Debug)]
pub enum Outcome {
    /// Every worker has adopted it.
    Applied(Applied),
    /// Nothing has changed, for all these reasons.
    Refused(Vec<Problem>),
    /// The engine is closed.
    Closed,
}

/// A plan that every worker has adopted.
#[derive(Debug)]
pub struct Applied {
    /// Its version.
    pub version: u32,
    /// The number of the thread that decoded and verified it, as the system counts threads; 0 where
    /// the system does not tell.
    pub decoded_on: u32,
    /// How many workers carry traffic.
    pub workers: usize,
    /// Where each listener listens, by key, with the ports that the system chose.
    pub listeners: Vec<(String, Address)>,
}

/// What the end of an engine came to.
#[derive(Debug, Clone, Copy)]
pub struct Closed {
    /// How many connections had not ended by the deadline and were cut.
    pub cut: usize,
}

/// Why a plan was refused.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind of reason.
    pub code: ProblemCode,
    /// The key of the listener it is about.
    pub listener: Option<String>,
    /// The address it is about.
    pub address: Option<Address>,
    /// What happened, as a sentence without its full stop.
    pub message: String,
    /// Who holds the address, where that can be told.
    pub holder: Option<String>,
}

/// The kinds of reasons to refuse a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// The plan could not be decoded or verified: a bug of ours.
    Plan,
    /// Somebody else listens on the address.
    AddressInUse,
    /// The address cannot be listened on for another reason.
    Listen,
    /// A worker could not be started.
    Workers,
    /// The access log cannot be written where it is to go.
    Log,
}

impl ProblemCode {
    /// As it is written outside.
    pub fn label(self) -> &'static str {
        match self {
            ProblemCode::Plan => "plan",
            ProblemCode::AddressInUse => "address-in-use",
            ProblemCode::Listen => "listen",
            ProblemCode::Workers => "workers",
            ProblemCode::Log => "log",
        }
    }
}

impl Problem {
    /// A problem with the plan as a whole, or with the threads.
    pub fn general(code: ProblemCode, message: String) -> Self {
        Self { code, listener: None, address: None, message, holder: None }
    }
}
