//! The story of a client's connection that speaks HTTP/1.

mod admit;
mod answer;
mod body;
mod buffer;
mod client;
mod deadline;
mod endpoint;
mod exchange;
mod heads;
mod origin;
mod path;
mod pump;
mod recycle;
mod reframe;
mod session;
mod sweep;

pub use endpoint::{Conn, Idle};
pub use exchange::Exchange;
pub use recycle::Http;
pub use session::{Manners, begin};
