//! Fleets: connections for a crowd. Here alone is the clock of a run.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::crowd::Census;
use crate::event::Event;
use crate::scenario::Scenario;
use crate::time::Moment;

mod alarm;
mod connection;
mod own;
#[cfg(feature = "rust-socketio")]
mod second;
mod sources;

pub use own::OwnFleet;
#[cfg(feature = "rust-socketio")]
pub use second::SecondFleet;

/// A connection that does not stand by then is given up.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// The longest sleep: the one who runs the fleet looks at other things as well.
const SLEEP_AT_MOST: Duration = Duration::from_millis(100);

/// Where a fleet connects to.
#[derive(Clone, Debug)]
pub struct Harbour {
    /// The address.
    pub address: SocketAddr,
    /// The name that it is asked by.
    pub host: String,
    /// The path of the Socket.IO endpoint.
    pub path: String,
}

/// A running crowd.
pub trait Fleet {
    /// What it plays.
    fn scenario(&self) -> &Scenario;

    /// How long it has run.
    fn now(&self) -> Moment;

    /// How many are doing what.
    fn census(&self) -> Census;

    /// Whether nothing more is to come.
    fn is_over(&self) -> bool;

    /// Sleeps until something is to be done, does it, and shows `take` what happened.
    fn turn(&mut self, take: &mut dyn FnMut(&Event)) -> io::Result<()>;

    /// Ends the run: says what never came, and closes everything.
    fn finish(&mut self, take: &mut dyn FnMut(&Event));
}
