//! A server that is no process of this machine, as its page of metrics shows it. Asked on a thread of its own: who
//! plays must not wait for it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use crate::machine::Taken;
use crate::settings::Url;

/// A page that takes longer is not there.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// Longer pages are no server's of ours.
const PAGE_BYTES: u64 = 4 << 20;
/// What every Prometheus client library calls them.
const RESIDENT: &str = "process_resident_memory_bytes";
const CPU: &str = "process_cpu_seconds_total";

/// A page that is asked again whenever its last answer was taken.
#[derive(Debug)]
pub(super) struct Scraper {
    answers: Receiver<Taken>,
}

impl Scraper {
    /// Begins to ask, if there is such a page and it tells memory and CPU. Also its first answer.
    pub(super) fn start(url: Url) -> io::Result<(Self, Taken)> {
        let first = scrape(&url)?;
        let (sender, answers) = sync_channel(0);
        // Ends when nobody takes its answers any more, or with the process.
        thread::Builder::new().name("scraper".to_owned()).spawn(move || {
            loop {
                // A page that fails now may be there the next time.
                let Ok(taken) = scrape(&url) else {
                    thread::sleep(ANSWERED_WITHIN);
                    continue;
                };
                if sender.send(taken).is_err() {
                    return;
                }
            }
        })?;
        Ok((Self { answers }, first))
    }

    /// The newest answer, if there is one since the last.
    pub(super) fn newest(&self) -> Option<Taken> {
        self.answers.try_recv().ok()
    }
}

fn scrape(url: &Url) -> io::Result<Taken> {
    let address = address(url)?;
    let mut stream = TcpStream::connect_timeout(&address, ANSWERED_WITHIN)?;
    stream.set_read_timeout(Some(ANSWERED_WITHIN))?;
    stream.set_write_timeout(Some(ANSWERED_WITHIN))?;
    let Url { host, path, .. } = url;
    // In HTTP/1.0 an answer ends with its connection, and comes in one piece.
    let path = path.trim_end_matches('/');
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: text/plain\r\n\r\n")?;
    let mut page = String::new();
    stream.take(PAGE_BYTES).read_to_string(&mut page)?;
    taken(&page).ok_or_else(|| io::Error::other(format!("no {RESIDENT} and {CPU} at {}{path}", url.text())))
}

fn address(url: &Url) -> io::Result<SocketAddr> {
    let mut addresses = format!("{}:{}", url.host, url.port).to_socket_addrs()?;
    addresses.next().ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a process")]
fn taken(page: &str) -> Option<Taken> {
    let value = |name: &str| -> Option<f64> {
        let of = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        page.lines().find_map(of).filter(|value: &f64| *value >= 0.0)
    };
    Some(Taken { resident_bytes: value(RESIDENT)? as u64, cpu_seconds: value(CPU)? })
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_page_tells_memory_and_cpu_or_nothing() {
        let page = "# HELP process_resident_memory_bytes Memory in use.\nprocess_resident_memory_bytes 2.5e+07\n\
            process_cpu_seconds_total 1.25\n";
        assert_eq!(taken(page), Some(Taken { resident_bytes: 25_000_000, cpu_seconds: 1.25 }));
        for page in ["", "process_cpu_seconds_total 1.25\n", "process_resident_memory_bytes NaN\n"] {
            assert_eq!(taken(page), None, "{page}");
        }
    }

    #[test]
    fn a_page_is_asked_again_when_its_answer_was_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = thread::spawn(move || {
            (1..=3)
                .map(|number| {
                    let (mut stream, _) = listener.accept().expect("a request");
                    let head = format!("HTTP/1.0 200 OK\r\n\r\n{RESIDENT} {number}\n{CPU} 0.5\n");
                    // All of it: an end with something unread is a failure for who asked.
                    let asked = io::BufReader::new(&stream).lines().map(|line| line.expect("a line"));
                    let asked: Vec<_> = asked.take_while(|line| !line.is_empty()).collect();
                    stream.write_all(head.as_bytes()).expect("it is read");
                    asked[0].clone()
                })
                .collect::<Vec<_>>()
        });
        let url = Url { host: "127.0.0.1".into(), port, path: "/metrics/".into() };
        let (scraper, first) = Scraper::start(url).expect("a page");
        let next = || scraper.answers.recv().expect("an answer").resident_bytes;
        assert_eq!((first.resident_bytes, next(), next()), (1, 2, 3));
        assert_eq!(server.join().expect("it ends"), ["GET /metrics HTTP/1.0"; 3]);
    }

    #[test]
    fn where_nobody_answers_nothing_is_asked_again() {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        assert!(Scraper::start(Url { host: "127.0.0.1".into(), port, path: "/metrics/".into() }).is_err());
    }
}
