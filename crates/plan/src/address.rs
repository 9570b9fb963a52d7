//! Where a socket listens or connects.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
#[cfg(feature = "types")]
use ts_rs::TS;

/// Where a socket listens or connects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Address {
    /// TCP over IPv4 or IPv6.
    #[serde(rename_all = "camelCase")]
    Tcp {
        /// The IP address, without brackets. `::` listens on all addresses of both families.
        #[cfg_attr(feature = "types", ts(type = "string"))]
        host: IpAddr,
        /// The port.
        port: u16,
    },
    /// A stream socket of the file system.
    #[serde(rename_all = "camelCase")]
    Unix {
        /// The path of the socket.
        path: String,
    },
}

impl Address {
    /// The TCP address that a socket address stands for.
    pub fn tcp(address: SocketAddr) -> Self {
        Address::Tcp { host: address.ip(), port: address.port() }
    }

    /// The socket address of a TCP address.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp { host, port } => Some(SocketAddr::new(*host, *port)),
            Address::Unix { .. } => None,
        }
    }
}

/// As users write it: `tcp://[::1]:80`, `unix:/run/app.sock`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } => write!(f, "tcp://{}", SocketAddr::new(*host, *port)),
            Address::Unix { path } => write!(f, "unix:{path}"),
        }
    }
}
