//! Sockets: listen, dial, relay, timers, and how many descriptors are left.
//!
//! Everything here but [`Descriptors`] belongs to one worker and never leaves its thread.

mod clock;
mod descriptors;
mod dial;
mod half;
mod holder;
mod listen;
#[cfg(target_os = "linux")]
mod pipe;
mod registration;
mod relay;
mod scratch;
mod stream;
mod sys;
mod wheel;

pub use clock::{Clock, TICK, Tick};
pub use descriptors::{Descriptors, Held};
pub use dial::dial;
pub use half::{Half, Primed};
pub use holder::{Holder, holder};
pub use listen::{Accepted, Bound, Listening};
#[cfg(target_os = "linux")]
pub use pipe::{Pipe, Pipes};
pub use relay::{Ended, Relay, Run, Tools, let_others_run};
#[cfg(target_os = "linux")]
pub use relay::{Portion, Torn};
pub use scratch::{SCRATCH, Scratch};
pub use stream::{Stream, Taken};
pub use sys::block_broken_pipe;
pub use wheel::{Timer, Wheel};
