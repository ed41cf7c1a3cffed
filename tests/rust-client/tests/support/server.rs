//! The real `qala serve`, started for one test and stopped again by its process id.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const START_WITHIN: Duration = Duration::from_secs(15);
const STOP_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server that runs. Dropping it ends the process, whatever the test did.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts a server on a free port and waits until it is ready.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(binary())
            .args(["serve", "--port", "0"])
            // A PORT or JWT_SECRET set outside must not change a test.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("qala does not start: {error}"));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut server = Self { child, url: String::new() };
        let lines = read(stdout.expect("it is piped"), stderr.expect("it is piped"));
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with("ready")) {
            let Ok(line) = lines.recv_timeout(START_WITHIN) else {
                panic!("the server is not ready; it said:\n{said}");
            };
            said.push_str(&line);
        }
        server.url = url(&said).unwrap_or_else(|| panic!("no address in what the server said:\n{said}"));
        server
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks it to stop and waits; it must end well.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "the server ended before it was told to");
        let status =
            self.wait().unwrap_or_else(|| panic!("the server still runs {STOP_WITHIN:?} after SIGTERM"));
        assert_eq!(status.code(), Some(0), "the server did not end well: {status}");
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        for _ in 0..STOP_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(LOOK_EVERY);
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary under test: `QALA_BIN`, else the one that `cargo build` makes.
fn binary() -> PathBuf {
    let path = env::var_os("QALA_BIN").map_or_else(built, PathBuf::from);
    assert!(path.is_file(), "no binary at {}: run `cargo build` first, or set QALA_BIN", path.display());
    path
}

/// `<target directory>/debug/qala`. This test lies in `<target directory>/<profile>/deps`.
fn built() -> PathBuf {
    let own = env::current_exe().unwrap_or_else(|error| panic!("where am I: {error}"));
    let target = own.ancestors().nth(3).unwrap_or(Path::new("target"));
    target.join("debug/qala")
}

/// Lines of both streams, read to their end: a server whose pipe is full would stand still.
fn read(stdout: ChildStdout, stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    let streams: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
    for stream in streams {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                // Nobody listens any more once it is ready.
                let _ = sender.send(line + "\n");
            }
        });
    }
    receiver
}

fn url(said: &str) -> Option<String> {
    let rest = said.split("://127.0.0.1:").nth(1)?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("http://127.0.0.1:{port}"))
}
