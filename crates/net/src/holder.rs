//! Who listens on an address that is in use.

use std::fmt;

use plan::Address;

/// A program that holds an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// This process itself: another balancer, or another server of the program.
    ThisProcess,
    /// Another process.
    Other {
        /// Its name.
        name: String,
        /// Its number.
        pid: u32,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::ThisProcess => f.write_str("this process"),
            Holder::Other { name, pid } => write!(f, "{name} (pid {pid})"),
        }
    }
}

/// Who listens on `address`, where `/proc` tells; it tells of other users' processes only to root.
#[cfg(target_os = "linux")]
pub fn holder(address: &Address) -> Option<Holder> {
    linux::find(&linux::sockets(address))
}

/// Nothing tells here.
#[cfg(not(target_os = "linux"))]
pub fn holder(_: &Address) -> Option<Holder> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::fs;
    use std::net::IpAddr;

    /// The state of a listening socket in `/proc/net/tcp`.
    const LISTEN: &str = "0A";

    /// The inodes of the listening sockets that stand in the way of `address`.
    pub fn sockets(address: &Address) -> Vec<String> {
        match address {
            Address::Tcp { host, port } => {
                let (host, port) = (hexadecimal(*host), format!("{port:04X}"));
                let tables =
                    ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
                tables
                    .iter()
                    .flat_map(|table| table.lines())
                    .filter_map(|line| tcp_listener(line, &host, &port))
                    .collect()
            }
            Address::Unix { path } => {
                let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
                let line = |line: &str| {
                    let fields: Vec<&str> = line.split_whitespace().collect();
                    (fields.get(7) == Some(&path.as_str())).then(|| fields.get(6).map(ToString::to_string))?
                };
                table.lines().filter_map(line).collect()
            }
        }
    }

    /// An address as `/proc/net/tcp` writes it: in hexadecimal, each four bytes the wrong way round.
    fn hexadecimal(address: IpAddr) -> String {
        let word = |bytes: &[u8; 4]| format!("{:08X}", u32::from_le_bytes(*bytes));
        match address {
            IpAddr::V4(address) => word(&address.octets()),
            IpAddr::V6(address) => address.octets().as_chunks().0.iter().map(word).collect(),
        }
    }

    /// The inode of a line of `/proc/net/tcp`, if it listens on `port` (`1F90`) of `host` or of all
    /// addresses.
    fn tcp_listener(line: &str, host: &str, port: &str) -> Option<String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let (their_host, their_port) = local.split_once(':')?;
        let all = |host: &str| host.bytes().all(|byte| byte == b'0');
        let meets = their_host == host || all(their_host) || all(host);
        (meets && their_port == port && *state == LISTEN).then(|| inode.to_string())
    }

    /// The first process that has one of these sockets open, this one before all others.
    pub fn find(inodes: &[String]) -> Option<Holder> {
        let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
        if has_open("self", &links) {
            return Some(Holder::ThisProcess);
        }
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let pid = pids.into_iter().find(|pid| has_open(&pid.to_string(), &links))?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(Holder::Other { name: name.trim().into(), pid })
    }

    fn has_open(process: &str, links: &[String]) -> bool {
        let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else {
            return false;
        };
        files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|target| links.iter().any(|link| target.as_os_str() == link.as_str()))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_by_its_sockets() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::tcp(tcp.local_addr().unwrap());
        assert_eq!(holder(&address), Some(Holder::ThisProcess));
        let Address::Tcp { port, .. } = address else { panic!("no TCP") };
        let elsewhere = Address::Tcp { host: "127.0.0.2".parse().unwrap(), port };
        assert_eq!(holder(&elsewhere), None, "another address of the same port");
        drop(tcp);
        assert_eq!(holder(&address), None);
    }
}
