//! A connected socket.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::task::coop::has_budget_remaining;

use crate::half::Half;
use crate::sys;

/// A connected stream socket, registered with the worker that made it.
///
/// It reads and writes by itself instead of through the runtime's stream: the waker of a direction
/// that was found empty before, and that nothing has happened to since, is still in its place, so it
/// is not registered again. A relay looks at both its directions whenever one of them moves.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    /// The task whose waker waits for bytes to read. A waker that waits keeps its task allocated, so
    /// this cannot be another task at the same address.
    reader: Cell<Option<*const ()>>,
}

#[derive(Debug)]
enum Socket {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpStream),
    /// A stream socket of the file system.
    #[cfg(unix)]
    Unix(UnixStream),
}

macro_rules! each {
    ($self:expr, $socket:ident => $call:expr) => {
        match &$self.socket {
            Socket::Tcp($socket) => $call,
            #[cfg(unix)]
            Socket::Unix($socket) => $call,
        }
    };
}

/// What a call that reads has come to.
#[derive(Debug)]
pub enum Taken<T> {
    /// This, and there may be more.
    Some(T),
    /// This, and by what it is the socket is empty now.
    All(T),
}

impl Stream {
    fn new(socket: Socket) -> Self {
        Self { socket, reader: Cell::new(None) }
    }

    /// Waits until the peer has reset the connection. A plain end of the stream does not count.
    pub async fn reset(&self) {
        let waited = each!(self, socket => socket.ready(Interest::ERROR).await);
        if waited.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Makes a system call that reads, once the socket may be readable. The call says `WouldBlock`
    /// when the socket is empty, and only then.
    ///
    /// # Errors
    ///
    /// What the call says, or that the runtime is shutting down.
    pub fn poll_read_by<T>(
        &self,
        cx: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<Taken<T>>,
    ) -> Poll<io::Result<T>> {
        loop {
            let mut called = false;
            let mut done = None;
            // `WouldBlock` from inside marks the socket as empty, so it goes out for `All` too.
            let mark = || {
                called = true;
                match call() {
                    Ok(Taken::Some(value)) => done = Some(Ok(value)),
                    Ok(Taken::All(value)) => {
                        done = Some(Ok(value));
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                    Err(error) => done = Some(Err(error)),
                }
                Ok(())
            };
            let _ = each!(self, socket => socket.try_io(Interest::READABLE, mark));
            match done {
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Some(done) => {
                    self.reader.set(None);
                    return Poll::Ready(done);
                }
                None if !called && self.reader.get() == Some(cx.waker().data()) => return Poll::Pending,
                None => {}
            }
            // Without budget the runtime says `Pending` and registers nothing.
            let registers = has_budget_remaining();
            match each!(self, socket => socket.poll_read_ready(cx)) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => {
                    self.reader.set(registers.then(|| cx.waker().data()));
                    return Poll::Pending;
                }
            }
        }
    }

    /// Makes a system call that writes, once the socket may be writable. The call says `WouldBlock`
    /// when the socket is full, and only then.
    ///
    /// # Errors
    ///
    /// What the call says, or that the runtime is shutting down.
    pub fn poll_write_by<T>(
        &self,
        cx: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match each!(self, socket => socket.try_io(Interest::WRITABLE, &mut call)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(each!(self, socket => socket.poll_write_ready(cx)))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// The socket as the standard library has it, no longer registered.
    pub(crate) fn into_socket(self) -> io::Result<socket2::Socket> {
        Ok(match self.socket {
            Socket::Tcp(socket) => socket.into_std()?.into(),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.into_std()?.into(),
        })
    }

    /// Whether the peer can reset the connection, as only TCP knows it.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.socket, Socket::Tcp(_))
    }
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self::new(Socket::Tcp(socket))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(socket: UnixStream) -> Self {
        Self::new(Socket::Unix(socket))
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Stream {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        each!(self, socket => socket.as_fd())
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsSocket for Stream {
    fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
        each!(self, socket => socket.as_socket())
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Half::poll_read(self.get_mut(), cx, buffer.initialize_unfilled()))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Half::poll_write(self.get_mut(), cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Half::poll_write(self.get_mut(), cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Half::poll_finish(self.get_mut(), cx)
    }
}

impl Half for Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read_by(cx, || {
            let count = sys::receive(self, buffer)?;
            // What a read did not fill is empty, as long as it is not the end.
            Ok(if count == 0 || count == buffer.len() { Taken::Some(count) } else { Taken::All(count) })
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, || match buffers {
            // One buffer is the common case, and `send` is cheaper than `sendmsg`.
            [buffer] => sys::send(self, buffer),
            buffers => SockRef::from(&*self).send_vectored(buffers),
        })
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match SockRef::from(&*self).shutdown(std::net::Shutdown::Write) {
            // The peer has closed already, so nobody waits for our end.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }

    fn abort(&mut self) {
        // A Unix socket has no reset; closing with unread bytes is the nearest there is.
        if self.is_tcp() {
            let _ = SockRef::from(&*self).set_linger(Some(std::time::Duration::ZERO));
        }
    }

    fn peer_gone(&self) -> bool {
        sys::is_closed(self)
    }

    fn socket(&self) -> Option<&Stream> {
        Some(self)
    }
}
