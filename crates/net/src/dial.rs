//! Connects to an endpoint.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use account::Fault;
use plan::Address;
use socket2::SockAddr;

use crate::descriptors::{Descriptors, Held};
use crate::stream::Stream;
use crate::sys;
use crate::wheel::Wheel;

/// How long an attempt has for itself before the next address is tried beside it, in milliseconds
/// (RFC 8305 section 5, "Connection Attempt Delay").
const ATTEMPT_DELAY: u32 = 250;

/// Connects to the first of `addresses` that answers, within `timeout` milliseconds for all.
///
/// They are tried in order; the next one starts as soon as one has failed, or after 250 ms beside it.
///
/// # Errors
///
/// The fault of the last attempt that failed, or the timeout.
///
/// The caller has counted one descriptor; each further attempt takes one of `descriptors` more, and is
/// not made while there is none.
pub async fn dial(
    addresses: &[Address],
    timeout: u32,
    wheel: &Wheel,
    descriptors: &Arc<Descriptors>,
) -> Result<Stream, Fault> {
    let mut late = wheel.timer();
    late.arm(wheel.now().after(timeout));
    tokio::select! {
        biased;
        connected = first_of(addresses, wheel, descriptors) => connected.map_err(|error| fault(&error)),
        () = late.fired() => Err(Fault::ConnectTimeout),
    }
}

async fn first_of(addresses: &[Address], wheel: &Wheel, descriptors: &Arc<Descriptors>) -> io::Result<Stream> {
    match addresses {
        [address] => connect(address).await,
        addresses => race(addresses, wheel, descriptors).await,
    }
}

/// Attempts side by side. One more starts when one has failed or the last one has had its time.
async fn race(addresses: &[Address], wheel: &Wheel, descriptors: &Arc<Descriptors>) -> io::Result<Stream> {
    type Attempt<'a> = Pin<Box<dyn Future<Output = io::Result<Stream>> + 'a>>;
    let mut waiting = addresses.iter();
    let mut attempts: Vec<(Attempt<'_>, Option<Held>)> = Vec::new();
    let mut delay = wheel.timer();
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    std::future::poll_fn(|cx| {
        loop {
            let (mut connected, before) = (None, attempts.len());
            attempts.retain_mut(|(attempt, _)| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(stream)) => {
                    connected = Some(stream);
                    false
                }
                Poll::Ready(Err(error)) => {
                    last = error;
                    false
                }
            });
            if let Some(stream) = connected {
                return Poll::Ready(Ok(stream));
            }
            let failed = attempts.len() < before;
            if !attempts.is_empty() && !failed && delay.poll_fired(cx).is_pending() {
                return Poll::Pending;
            }
            // The first attempt at a time has the descriptor that the caller counted.
            let spare = if attempts.is_empty() { None } else { descriptors.take(1) };
            if attempts.is_empty() || spare.is_some() {
                match waiting.next() {
                    Some(address) => attempts.push((Box::pin(connect(address)), spare)),
                    None if attempts.is_empty() => {
                        return Poll::Ready(Err(std::mem::replace(&mut last, io::ErrorKind::NotFound.into())));
                    }
                    None => return Poll::Pending,
                }
            }
            delay.arm(delay.now().after(ATTEMPT_DELAY));
        }
    })
    .await
}

async fn connect(address: &Address) -> io::Result<Stream> {
    let (to, tcp) = match address {
        Address::Tcp { host, port } => (SockAddr::from(SocketAddr::new(*host, *port)), true),
        #[cfg(unix)]
        Address::Unix { path } => (SockAddr::unix(path)?, false),
        #[cfg(not(unix))]
        Address::Unix { .. } => return Err(io::ErrorKind::Unsupported.into()),
    };
    let socket = sys::stream_socket(to.domain())?;
    if tcp {
        socket.set_tcp_nodelay(true)?;
    }
    match socket.connect(&to) {
        Err(error) if !is_under_way(&error) => Err(error),
        begun => {
            let stream = Stream::registered(socket, tcp)?;
            if begun.is_err() {
                stream.connected().await?;
            }
            Ok(stream)
        }
    }
}

/// Whether the connection is being made. A Unix socket whose queue is full says `EAGAIN`, and is not.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR));
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::WouldBlock;
}

fn fault(error: &io::Error) -> Fault {
    use io::ErrorKind::*;
    match error.kind() {
        ConnectionRefused | NotFound => Fault::ConnectRefused,
        TimedOut => Fault::ConnectTimeout,
        HostUnreachable | NetworkUnreachable | AddrNotAvailable => Fault::ConnectUnreachable,
        OutOfMemory => Fault::Exhausted,
        _ if is_out_of_descriptors(error) => Fault::Exhausted,
        _ => Fault::ConnectFailed,
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
    #[cfg(not(unix))]
    return error.raw_os_error() == Some(10024);
}
