//! A connected socket.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::task::coop::has_budget_remaining;

use crate::half::Half;
use crate::registration::Registration;
use crate::sys;

/// A connected stream socket, registered with the worker that made it.
///
/// It reads and writes by itself instead of through the runtime's stream: the waker of a direction
/// that was found empty before, and that nothing has happened to since, is still in its place, so it
/// is not registered again. A relay looks at both its directions whenever one of them moves.
#[derive(Debug)]
pub struct Stream {
    /// None when registering anew has failed.
    registration: Option<Registration>,
    socket: Rc<Socket>,
    /// TCP over IPv4 or IPv6, and not a stream socket of the file system.
    tcp: bool,
    /// Whether the registration brings news of what can be read.
    reading: bool,
    /// The registration is new because somebody wants to read on: worth a try before there is news.
    resumed: Cell<bool>,
    /// The task whose waker waits for bytes to read. A waker that waits keeps its task allocated, so
    /// this cannot be another task at the same address.
    reader: Cell<Option<*const ()>>,
}

/// News of both directions; where the system tells, of urgent bytes too.
#[cfg(target_os = "linux")]
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// What a call that reads has come to.
#[derive(Debug)]
pub enum Taken<T> {
    /// This, and there may be more.
    Some(T),
    /// This, and by what it is the socket is empty now.
    All(T),
}

impl Stream {
    /// Registers a connected socket, which must not block, with the worker that calls.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(socket: Socket) -> io::Result<Self> {
        let tcp = socket.local_addr()?.as_socket().is_some();
        Self::registered(socket, tcp)
    }

    /// As [`Stream::new`], where the kind is known.
    pub(crate) fn registered(socket: Socket, tcp: bool) -> io::Result<Self> {
        let socket = Rc::new(socket);
        // Nobody is going to serve it, so it is no plain end.
        let registration = Registration::new(&socket, BOTH)
            .inspect_err(|_| drop(socket.set_linger(Some(std::time::Duration::ZERO))))?;
        let registration = Some(registration);
        Ok(Self { registration, socket, tcp, reading: true, resumed: Cell::default(), reader: Cell::default() })
    }

    fn registration(&self) -> io::Result<&Registration> {
        self.registration.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Waits until the peer has reset the connection. A plain end of the stream does not count.
    pub async fn reset(&self) {
        match self.registration() {
            Ok(registration) if registration.ready(Interest::ERROR).await.is_ok() => {}
            _ => std::future::pending().await,
        }
    }

    /// Whether nothing has come, not even the end, as far as the runtime has heard.
    pub fn is_silent(&self) -> bool {
        self.registration().is_ok_and(|it| it.try_io(Interest::READABLE, || Ok(())).is_err())
    }

    /// Whether nothing has come, by asking the system where the runtime is not sure: what was spliced or
    /// read to the last byte of a buffer leaves that open.
    pub fn settles(&self) -> bool {
        let peek = || self.socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
        self.registration().is_ok_and(|it| {
            it.try_io(Interest::READABLE, peek).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        })
    }

    /// Whether bytes wait to be read, by asking the system.
    pub fn holds_bytes(&self) -> bool {
        self.socket.peek(&mut [std::mem::MaybeUninit::uninit()]).is_ok_and(|count| count > 0)
    }

    /// The address of the peer; `None` if it has none.
    pub fn peer_ip(&self) -> Option<IpAddr> {
        let address = self.socket.peer_addr().ok().and_then(|address| address.as_socket());
        address.map(|address| address.ip().to_canonical())
    }

    /// Waits until a connection that is being made is there.
    pub(crate) async fn connected(&self) -> io::Result<()> {
        self.registration()?.ready(Interest::WRITABLE).await?;
        self.socket.take_error()?.map_or(Ok(()), Err)
    }

    /// Whether the task waits for bytes already, and none have come.
    pub fn awaits_bytes(&self, cx: &Context<'_>) -> bool {
        self.reader.get() == Some(cx.waker().data())
            && self.registration().is_ok_and(|it| it.try_io(Interest::READABLE, || Ok(())).is_err())
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
        if self.resumed.take() {
            match call() {
                Ok(Taken::Some(value) | Taken::All(value)) => return Poll::Ready(Ok(value)),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // The system says it once, and an end of the stream from then on.
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let registration = self.registration()?;
        loop {
            if self.reader.get().is_none() {
                // Nobody waits yet, so most likely there is nothing: registering costs no more than a
                // look would. Without budget the runtime says `Pending` and registers nothing.
                let registers = has_budget_remaining();
                match registration.poll_read_ready(cx) {
                    Poll::Ready(ready) => ready?,
                    Poll::Pending => {
                        self.reader.set(registers.then(|| cx.waker().data()));
                        return Poll::Pending;
                    }
                }
            }
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
            let _ = registration.try_io(Interest::READABLE, mark);
            match done {
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Some(done) => {
                    self.reader.set(None);
                    return Poll::Ready(done);
                }
                None if !called && self.reader.get() == Some(cx.waker().data()) => return Poll::Pending,
                None => self.reader.set(None),
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
        let registration = self.registration()?;
        loop {
            match registration.try_io(Interest::WRITABLE, &mut call) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(registration.poll_write_ready(cx))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    /// Whether the peer has ever sent an urgent byte, as far as the system tells.
    fn has_urgent(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.registration().is_ok_and(|it| it.try_io(Interest::PRIORITY, || Ok(())).is_ok());
        #[cfg(not(target_os = "linux"))]
        return false;
    }

    /// Whether the peer can reset the connection, as only TCP knows it.
    pub(crate) fn is_tcp(&self) -> bool {
        self.tcp
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Stream {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsSocket for Stream {
    fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
        self.socket.as_socket()
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
            // What a read did not fill is empty, as long as it is not the end. On a Unix socket a read
            // ends early at a message that carries descriptors, too, and on TCP before an urgent byte.
            let all = self.is_tcp() && count != 0 && count != buffer.len() && !self.has_urgent();
            Ok(if all { Taken::All(count) } else { Taken::Some(count) })
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_write_by(cx, || match buffers {
            // One buffer is the common case, and `send` is cheaper than `sendmsg`.
            [buffer] => sys::send(self, buffer),
            buffers => sys::send_vectored(self, buffers),
        })
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.shutdown(std::net::Shutdown::Write) {
            // The peer has closed already, so nobody waits for our end.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }

    fn abort(&mut self) {
        // A Unix socket has no reset; closing with unread bytes is the nearest there is.
        if self.is_tcp() {
            let _ = self.socket.set_linger(Some(std::time::Duration::ZERO));
        }
    }

    fn set_reading(&mut self, cx: &mut Context<'_>, reading: bool) -> io::Result<()> {
        if self.reading == reading || cfg!(not(unix)) {
            return Ok(());
        }
        // First, since a socket can be registered only once.
        self.registration = None;
        self.reader.set(None);
        self.registration = Some(Registration::new(&self.socket, if reading { BOTH } else { Interest::WRITABLE })?);
        self.reading = reading;
        self.resumed.set(reading);
        // Whoever waits to write, waits at the registration that is gone.
        cx.waker().wake_by_ref();
        Ok(())
    }

    fn peer_gone(&self) -> bool {
        sys::is_closed(self)
    }

    fn is_delivered(&self) -> bool {
        sys::is_delivered(self)
    }

    fn socket(&self) -> Option<&Stream> {
        Some(self)
    }
}
