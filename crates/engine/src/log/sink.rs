//! Where lines go: a file, a pipe, a terminal.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use plan::LogSink;

/// What a pipe takes as one, so that nobody else's writing comes in between (`PIPE_BUF` of Linux).
const ATOMIC: usize = 4096;

/// Where lines go.
#[derive(Debug)]
pub struct Sink {
    file: File,
    /// Where it was opened; none for what was open already.
    path: Option<PathBuf>,
    /// It takes as much as there is, and never makes anybody wait for a reader.
    is_file: bool,
    /// It ends in the middle of a line, which somebody else has left there.
    is_torn: bool,
    /// It is a file to which no path leads any more, and at its own none can be opened.
    is_lost: bool,
}

impl Sink {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// What the system says: of a pipe that nobody reads, too.
    pub fn open(to: &LogSink) -> io::Result<Self> {
        match to {
            LogSink::Stdout {} => Self::of(stdout()?, None),
            LogSink::File { path } => {
                let path = PathBuf::from(path);
                let file = append(&path)?;
                Self::of(file, Some(path))
            }
        }
    }

    fn of(file: File, path: Option<PathBuf>) -> io::Result<Self> {
        let is_file = file.metadata()?.is_file();
        let is_torn = is_file && path.as_deref().is_some_and(ends_torn);
        Ok(Self { file, path, is_file, is_torn, is_lost: false })
    }

    /// Whether its path leads elsewhere by now, or nowhere.
    pub fn has_moved(&self) -> bool {
        let Some(path) = &self.path else { return false };
        match (std::fs::metadata(path), self.file.metadata()) {
            (Ok(there), Ok(here)) => !is_same(&there, &here),
            (Err(error), Ok(here)) => error.kind() == io::ErrorKind::NotFound || has_no_name(&here),
            _ => false,
        }
    }

    /// Opens what its path leads to now; says whether there is anything else open than before.
    ///
    /// # Errors
    ///
    /// What the system says. What was open stays so, and takes what is written as long as that can be found:
    /// what is in a file without a name is gone for good once it is closed.
    pub fn reopen(&mut self) -> io::Result<bool> {
        let Some(path) = self.path.clone() else { return Ok(false) };
        match append(&path).and_then(|file| Self::of(file, Some(path))) {
            Ok(fresh) => *self = fresh,
            Err(error) => {
                self.is_lost =
                    self.is_file && self.has_moved() && self.file.metadata().is_ok_and(|it| has_no_name(&it));
                return Err(error);
            }
        }
        Ok(true)
    }

    /// Writes a begin of `lines`, and says how much. Of what is no file no more than it takes without
    /// waiting, and that in whole lines where they are short; it waits at most this long for room.
    ///
    /// # Errors
    ///
    /// What the system says, or that it would be gone for good.
    pub fn write(&mut self, lines: &[u8], longest: Duration) -> io::Result<usize> {
        if self.is_lost {
            return Err(io::ErrorKind::NotFound.into());
        }
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
        }
        let part = match self.is_file {
            true => lines,
            false => {
                wait_for_room(&self.file, longest)?;
                let most = lines.get(..ATOMIC).unwrap_or(lines);
                let end = most.iter().rposition(|byte| *byte == b'\n').map_or(most.len(), |end| end + 1);
                most.get(..end).unwrap_or(most)
            }
        };
        self.file.write(part)
    }
}

/// Opens a file to write at its end. A pipe that nobody reads is an error, instead of waiting for a reader,
/// and one that is full is one later on.
fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // What requests say is nobody else's to read.
        options.mode(0o640).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path)
}

/// Whether a file does not end with a line's end, as far as one may read it.
fn ends_torn(path: &Path) -> bool {
    let mut last = [b'\n'];
    let read = File::open(path).and_then(|mut file| {
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok(())
    });
    read.is_ok() && last != [b'\n']
}

#[cfg(unix)]
fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(unix)]
fn has_no_name(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.nlink() == 0
}

/// How many it has is not to be had there: where its path leads nowhere it has none, or is elsewhere.
#[cfg(windows)]
fn has_no_name(_: &Metadata) -> bool {
    true
}

/// A file that is open cannot be replaced there.
#[cfg(windows)]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// A write of at most [`ATOMIC`] bytes does not block once there is room, whatever flags the descriptor has:
/// those of standard output belong to others too.
#[cfg(unix)]
fn wait_for_room(file: &File, longest: Duration) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let longest = Timespec { tv_sec: longest.as_secs() as i64, tv_nsec: longest.subsec_nanos().into() };
    match poll(&mut [PollFd::new(file, PollFlags::OUT)], Some(&longest))? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

#[cfg(windows)]
fn wait_for_room(_: &File, _: Duration) -> io::Result<()> {
    Ok(())
}
