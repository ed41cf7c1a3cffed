//! The terminal while it is drawn on: taken over, and given back whatever happens.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::style::ResetColor;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Whether there is something to give back. Global since the panic hook has nothing else to look at.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal of a person; given back when this is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal over. A panic gives it back before it says what happened.
    pub fn take() -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        enter()?;
        match Terminal::new(CrosstermBackend::new(io::stdout())) {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// What to draw with.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Stdout>> {
        &mut self.terminal
    }

    /// Gives it back for a while: the process is about to be stopped.
    pub fn release(&mut self) {
        give_back();
    }

    /// Takes it over again, and draws everything anew with the next picture.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.terminal.clear()
    }
}

/// What came from the terminal within a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// Perhaps something: look.
    Something,
    /// The terminal is gone.
    HangUp,
}

/// Waits for a key, a signal, or so long. Whoever reads a terminal that is gone would read for ever.
pub(crate) fn wait(most: Duration) -> Came {
    let stdin = rustix::stdio::stdin();
    let mut keys = [PollFd::new(&stdin, PollFlags::IN)];
    let most = Timespec { tv_sec: 0, tv_nsec: i64::from(most.subsec_nanos()) };
    // Interrupted by a signal is as good as having waited.
    let _ = poll(&mut keys, Some(&most));
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    if keys[0].revents().intersects(gone) { Came::HangUp } else { Came::Something }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let entered =
        execute!(io::stdout(), EnterAlternateScreen, Hide, EnableMouseCapture, EnableBracketedPaste);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Once for each time it was taken. What fails here could not be told to anybody.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ =
            execute!(out, DisableBracketedPaste, DisableMouseCapture, ResetColor, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
        let _ = out.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::Screen;

    const SAID: &str = "of what the terminal must not hide";

    #[test]
    #[ignore = "takes a terminal: the next test gives it one"]
    fn panics_on_the_screen() {
        let _screen = Screen::take().expect("a terminal");
        panic!("{SAID}");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        let me = env::current_exe().expect("a test is a program");
        let test = "terminal::tests::panics_on_the_screen";
        let command = format!("stty -a; '{}' --ignored --exact {test} --nocapture; stty -a", me.display());
        let output = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .output()
            .expect("script belongs to every Debian");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown:?}"));
        assert!(place("\u{1b}[?1049h") < place("\u{1b}[?1049l"), "{shown:?}");
        assert!(place("\u{1b}[?1049l") < place(SAID), "{shown:?}");
        assert!(place("\u{1b}[?25h") < place(SAID), "{shown:?}");
        // Lines, echo and all else are as they were.
        let settings: Vec<&str> =
            shown.split("speed ").skip(1).map(|text| text.split('\u{1b}').next().unwrap_or("")).collect();
        let first = settings.first().expect("before").lines().take(6).collect::<Vec<_>>();
        let last = settings.last().expect("after").lines().take(6).collect::<Vec<_>>();
        assert_eq!(first, last);
    }
}
