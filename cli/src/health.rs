//! `qala health`: asks a node how it is, for images without a shell and for people.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use qala::config::Config;

use crate::banner::reachable;
use crate::exit::reason;
use crate::exit::{self, Complaint, Exit};

/// What is asked unless somebody says: is it alive? A node without its store is.
const PATH: &str = "/health/live";
/// Each of connecting, asking and being answered. A shard that stands still is noticed within a second.
const WITHIN: Duration = Duration::from_secs(3);
/// The head of an answer is shorter.
const HEAD_BYTES: u64 = 4_096;

/// Where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Host and port.
    authority: String,
    path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

impl Place {
    /// What `url` names.
    pub(crate) fn parse(url: &str) -> Result<Self, Complaint> {
        let complaint = || Complaint {
            error: format!("`{url}` is no address that can be asked"),
            hint: Some("for example http://127.0.0.1:3001/health/ready; it speaks no TLS".to_owned()),
        };
        let rest = url.strip_prefix("http://").ok_or_else(complaint)?;
        let (authority, path) = rest.find('/').map_or((rest, PATH), |slash| rest.split_at(slash));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !plain(rest) {
            return Err(complaint());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path: path.to_owned() })
    }

    /// The node that `config` describes, on this machine; by its address for operators where it has one.
    pub(crate) fn of(config: &Config) -> Self {
        let address = config.listen.admin.unwrap_or(config.listen.address());
        Self { authority: reachable(address).to_string(), path: PATH.to_owned() }
    }
}

/// Asks there, and says what came.
pub(crate) fn health(place: &Place) -> Exit {
    match ask(place) {
        Ok(200) => {
            exit::print(&format!("ok: {place} answers 200\n"));
            Exit::Success
        }
        Ok(status) => exit::failure(&format!("{place} answers {status}"), None),
        Err(error) => exit::failure(
            &format!("{place} does not answer ({})", reason(&error)),
            Some("is `qala serve` running there? `qala health <url>` asks elsewhere"),
        ),
    }
}

/// The status of the answer.
fn ask(place: &Place) -> io::Result<u16> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no such host");
    for address in place.authority.to_socket_addrs()? {
        match ask_at(address, place) {
            Ok(status) => return Ok(status),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn ask_at(address: SocketAddr, place: &Place) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let Place { authority, path } = place;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    let mut head = Vec::new();
    stream.take(HEAD_BYTES).read_to_end(&mut head)?;
    status_of(&head).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP"))
}

/// The status in an answer's first line.
fn status_of(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    str::from_utf8(rest).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_port_and_path() {
        for (url, expected) in [
            ("http://127.0.0.1:3001/health/ready", Some("http://127.0.0.1:3001/health/ready")),
            ("http://node-2:3002", Some("http://node-2:3002/health/live")),
            ("http://node-2", Some("http://node-2:80/health/live")),
            ("http://[::1]:3001/", Some("http://[::1]:3001/")),
            ("http://[::1]", Some("http://[::1]:80/health/live")),
            ("https://127.0.0.1:3001", None),
            ("127.0.0.1:3001", None),
            ("http://", None),
            ("http:///health", None),
            ("http://user@host/", None),
            ("http://host/a b", None),
        ] {
            let said = Place::parse(url).ok().map(|place| place.to_string());
            assert_eq!(said.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_status_stands_in_the_first_line() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 503 Service Unavailable\r\n", Some(503)),
            ("HTTP/1.1 2", None),
            ("SSH-2.0-OpenSSH\r\n", None),
            ("", None),
        ] {
            assert_eq!(status_of(answer.as_bytes()), expected, "{answer}");
        }
    }
}
