//! Where connections come from. One address has some 28,000 ports for one target; on loopback there are others.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use crate::event::Client;

/// Clients of one address before the next is used: ports that were used lately are not free at once.
const CLIENTS_EACH: u32 = 2_500;

/// Source addresses in turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources {
    target: SocketAddr,
    /// How many of 127.0.0.1, 127.0.0.2, ... are used; 0: the system chooses.
    loopback: u32,
}

impl Sources {
    pub(super) fn new(target: SocketAddr, clients: u32) -> Self {
        let is_loopback = matches!(target.ip(), IpAddr::V4(address) if address.is_loopback());
        let loopback = if is_loopback { clients.div_ceil(CLIENTS_EACH).min(250) } else { 0 };
        Self { target, loopback }
    }

    /// Where that client comes from, unless the system is to choose.
    fn source(&self, client: Client) -> Option<Ipv4Addr> {
        let place = client.checked_rem(self.loopback)?;
        Some(Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(place).unwrap_or(0)))
    }

    /// Begins to connect.
    pub(super) fn connect(&self, client: Client) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.target), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = self.source(client) {
            socket.bind(&SocketAddr::from((source, 0)).into())?;
        }
        match socket.connect(&self.target.into()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
            Err(error) => return Err(error),
        }
        Ok(TcpStream::from_std(socket.into()))
    }
}

/// `EINPROGRESS`: the connection is being made.
#[cfg(target_os = "linux")]
const IN_PROGRESS: i32 = 115;
#[cfg(not(target_os = "linux"))]
const IN_PROGRESS: i32 = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_clients_come_from_as_many_addresses_as_they_need() {
        let target = "127.0.0.1:3001".parse().expect("an address");
        let of = |clients, client| Sources::new(target, clients).source(client);
        assert_eq!(of(100, 99), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(of(10_000, 0), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(of(10_000, 1), Some(Ipv4Addr::new(127, 0, 0, 2)));
        assert_eq!(of(10_000, 9_999), Some(Ipv4Addr::new(127, 0, 0, 4)));
        assert_eq!(of(1_000_000, 249), Some(Ipv4Addr::new(127, 0, 0, 250)));
    }

    #[test]
    fn elsewhere_the_system_chooses() {
        let target = "192.0.2.1:3001".parse().expect("an address");
        assert_eq!(Sources::new(target, 10_000).source(7), None);
    }
}
