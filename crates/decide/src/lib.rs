//! Every choice, as a pure function: route, path, pick, retry. Time and randomness are passed in.

mod cost;
mod path;
mod pick;
mod retry;
mod route;

pub use cost::{Numbers, cost};
pub use path::{Judged, path};
pub use pick::{Candidates, Cursor, pick};
pub use retry::{Retry, Tried, retry, retry_request};
pub use route::{Asked, Facts, Need, Routed, route};
