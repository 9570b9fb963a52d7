//! A socket's registration with the runtime of its worker.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use socket2::Socket;
use tokio::io::Interest;

/// A socket's registration with the runtime of its worker.
///
/// It has a share in the socket and no more, so that it can be made anew for other news of the same
/// socket.
#[derive(Debug)]
pub struct Registration(Inner);

#[cfg(unix)]
type Inner = tokio::io::unix::AsyncFd<Rc<Socket>>;
/// The runtime registers no socket that it does not own, so it owns a duplicate.
#[cfg(not(unix))]
type Inner = tokio::net::TcpStream;

impl Registration {
    /// Registers `socket` for `news`. It must not be registered already.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(unix)]
    pub fn new(socket: &Rc<Socket>, news: Interest) -> io::Result<Self> {
        crate::sys::register(socket.clone(), news).map(Self)
    }

    /// Registers `socket` for all news.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(not(unix))]
    pub fn new(socket: &Rc<Socket>, _news: Interest) -> io::Result<Self> {
        Ok(Self(Inner::from_std(socket.try_clone()?.into())?))
    }

    /// Makes a call if the socket is known to be ready for it, and else says `WouldBlock`, as the call
    /// itself may: then the socket is taken for not ready until there is news.
    ///
    /// # Errors
    ///
    /// What the call says.
    pub fn try_io<T>(&self, interest: Interest, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        #[cfg(unix)]
        return self.0.try_io(interest, |_| call());
        #[cfg(not(unix))]
        return self.0.try_io(interest, call);
    }

    /// Ready when the socket may be readable.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _keep = ready!(self.0.poll_read_ready(cx))?;
        Poll::Ready(Ok(()))
    }

    /// Ready when the socket may be writable.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _keep = ready!(self.0.poll_write_ready(cx))?;
        Poll::Ready(Ok(()))
    }

    /// Waits until the socket is ready for what `interest` says.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<()> {
        let _keep = self.0.ready(interest).await?;
        Ok(())
    }
}
