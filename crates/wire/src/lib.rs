//! Bytes in, meaning out, without I/O: HTTP/1 heads, framing, chunks, field edits.
//!
//! ```text
//!   bytes ──parse──▶ Head (a block of unchanged bytes, and where its fields are)
//!                     ├─▶ Request / Response: what it means; everything ambiguous is a Refusal
//!                     ├─▶ canonical: the one form of its path, and what others may take for another
//!                     └─▶ emit: runs of unchanged bytes between the fields that are dropped
//!   bytes ──Scanner──▶ runs of a chunked body, its trailers, its end
//! ```
//!
//! Nothing here waits, allocates per message once its buffers have grown, or guesses.

mod ascii;
mod block;
mod chunk;
mod emit;
mod facts;
mod forwarded;
mod framing;
mod head;
mod hops;
mod host;
mod path;
mod plain;
mod refusal;
mod request;
mod response;
mod target;
mod trailers;

pub use ascii::members;
pub use chunk::{Open, Piece, Scanner};
pub use emit::{Added, Edits, Emitted, Line, emit};
pub use facts::Connection;
pub use forwarded::{client, is_request_id, named, write_element};
pub use framing::Framing;
pub use head::{FieldSet, Head, HeadView, Limits, MOST_FIELDS, Span, Version};
pub use hops::{Way, traced};
pub use host::Host;
pub use path::{Marks, Reading, canonical, split_query};
pub use refusal::Refusal;
pub use request::{Method, Request};
pub use response::{Asked, Response};
pub use target::Target;
pub use trailers::trailers;
