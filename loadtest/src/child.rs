//! A server of the tester's own: a child process, because one process may not open files enough for both.

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::scenario::Scenario;

/// How long it may take to end in order, seconds.
const STOPS_WITHIN_SECONDS: u64 = 3;
/// How often it is looked whether it has.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Kept open: who prints into a closed pipe fails.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `program serve` on a free port of this machine and waits until it is ready. What it complains about
    /// goes to stderr, as it comes.
    pub fn start(
        program: &Path,
        scenario: &Scenario,
        redis: Option<&str>,
        jwt_secret: Option<&str>,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--port", "0", "--demo", "off", "--log-level", "warn"]);
        command.args(["--shutdown-timeout", &STOPS_WITHIN_SECONDS.to_string()]);
        let names: Vec<_> = scenario.dialects.iter().map(|family| family.name()).collect();
        command.args(["--dialects", &names.join(",")]);
        let seconds: Vec<_> = scenario.stage_seconds.iter().map(f64::to_string).collect();
        command.args(["--stage-seconds", &seconds.join(",")]);
        if let Some(url) = redis {
            command.args(["--redis-url", url]);
        }
        // Nothing that is set for another server; a secret is not for the list of processes.
        command.env_clear().envs(jwt_secret.map(|secret| ("JWT_SECRET", secret)));
        own_group(&mut command);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
        let mut stdout = BufReader::new(stdout);
        match ready(&mut stdout) {
            Ok(port) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                Ok(Self { child, address, _stdout: stdout })
            }
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Asks it to end, and waits a little.
    pub fn stop(mut self) {
        ask_to_end(&self.child);
        for _ in 0..(STOPS_WITHIN_SECONDS * 1_000 / 20 + 50) {
            if self.has_ended() {
                return;
            }
            std::thread::sleep(LOOKS_EVERY);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Both fail when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Ctrl-C is the tester's: it ends the server when its reports are written.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // Fails when it has ended already.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn ask_to_end(_child: &Child) {}

/// The port that it says it listens on, once it is ready.
fn ready(stdout: &mut impl BufRead) -> io::Result<u16> {
    let mut said = String::new();
    while !said.lines().any(|line| line.starts_with("ready")) {
        if stdout.read_line(&mut said)? == 0 {
            return Err(io::Error::other("it ended before it was ready"));
        }
    }
    let behind = said.split("://127.0.0.1:").nth(1).unwrap_or_default();
    let port: String = behind.chars().take_while(char::is_ascii_digit).collect();
    port.parse().map_err(|_| io::Error::other("it does not say where it listens"))
}

#[cfg(test)]
mod tests {
    use super::ready;

    #[test]
    fn the_port_is_what_the_server_says_when_it_is_ready() {
        let said = "qala 0.1.0\n  clients   ws://127.0.0.1:34567  dialect qala\nready in 5 ms\n";
        assert_eq!(ready(&mut said.as_bytes()).ok(), Some(34_567));
        assert!(ready(&mut "qala 0.1.0\n".as_bytes()).is_err());
        assert!(ready(&mut "ready\n".as_bytes()).is_err());
    }
}
