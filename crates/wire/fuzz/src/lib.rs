//! What must hold for any bytes: the codec says of them what the plain reader says, however they come.
//!
//! Each function panics where it does not. libFuzzer calls them, and so do the tests, with cases that are
//! made by a grammar.

#![allow(clippy::indexing_slicing, reason = "only tests run it, and a panic is a finding")]

mod chunks;
mod emitted;
mod framing;
mod head;
pub mod lines;
mod path;
mod verdict;

use std::{env, fs, io, path::Path};

pub use chunks::chunks;
pub use framing::framing;
pub use head::head;
pub use path::path;

/// Panics when the codec and the plain reader do not agree about these bytes.
pub type Target = fn(&[u8]);

/// The targets, by their names.
pub const TARGETS: [(&str, Target); 4] =
    [("head", head), ("framing", framing), ("chunks", chunks), ("path", self::path)];

/// Small ones, so that they are reached.
const LIMITS: wire::Limits = wire::Limits { line: 200, fields: 1000, count: 16 };
/// The same for the plain reader.
const PLAIN: reference::Limits = reference::Limits { line: LIMITS.line, fields: LIMITS.fields, count: LIMITS.count };

/// Shows a target the files that the command line names, and all files of the folders.
///
/// # Errors
///
/// One cannot be read.
pub fn replay(target: Target) -> io::Result<()> {
    env::args_os().skip(1).try_for_each(|path| replay_from(Path::new(&path), target))
}

/// Shows a target one file, or all files of a folder.
///
/// # Errors
///
/// One cannot be read.
pub fn replay_from(path: &Path, target: Target) -> io::Result<()> {
    if !path.is_dir() {
        target(&fs::read(path)?);
        return Ok(());
    }
    fs::read_dir(path)?.try_for_each(|entry| replay_from(&entry?.path(), target))
}
