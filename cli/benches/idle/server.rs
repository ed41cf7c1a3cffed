//! The server that is measured: a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running `qala serve`. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// Kept open: who prints into a closed pipe fails.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one on a free port and waits until it is ready.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qala"))
            .args(["serve", "--port", "0"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("qala can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with("ready")) {
            let read = stdout.read_line(&mut said).expect("it can be read");
            assert!(read > 0, "qala ended before it was ready:\n{said}");
        }
        let behind = said.split("://127.0.0.1:").nth(1).unwrap_or_default();
        let port: String = behind.chars().take_while(char::is_ascii_digit).collect();
        let port = port.parse().expect("it says where it listens");
        Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), _stdout: stdout }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Memory of the process that is in RAM.
    pub(crate) fn resident_bytes(&self) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
        kibibytes * 1024.0
    }

    /// Asks it to stop; it must end well.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().expect("`kill` can be run");
        assert!(told.success(), "the server ended by itself");
        let status = self.child.wait().expect("it is a child");
        assert!(status.success(), "the server did not end well: {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
