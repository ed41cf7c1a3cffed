//! Signals as flags that the loop looks at.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

/// What the system asked of us since the last look.
#[derive(Debug, Clone)]
pub struct Signals {
    ending: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    goes_on: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> io::Result<Self> {
        let signals = Self {
            ending: Arc::new(AtomicUsize::new(0)),
            stop: Arc::new(AtomicBool::new(false)),
            goes_on: Arc::new(AtomicBool::new(false)),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, signals.ending.clone(), number)?;
        }
        flag::register(SIGTSTP, signals.stop.clone())?;
        flag::register(SIGCONT, signals.goes_on.clone())?;
        Ok(signals)
    }

    /// The exit code of the signal that asks to end (128 and its number), if there was one.
    pub(crate) fn ending(&self) -> Option<u8> {
        match self.ending.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        }
    }

    /// Whether to stop until a shell says otherwise.
    pub(crate) fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether somebody let us go on after a stop.
    pub(crate) fn take_goes_on(&self) -> bool {
        self.goes_on.swap(false, Ordering::SeqCst)
    }

    /// Stops this process as Ctrl-Z does; returns when it goes on.
    pub(crate) fn stop_now() -> io::Result<()> {
        low_level::emulate_default_handler(SIGTSTP)
    }
}
