//! The list of rooms that stand, for those who look at them. Written a moment after rooms are opened and closed, many
//! at once: nobody waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::call::Caller;
use super::carry::Carrier;
use super::reply::Expected;
use super::{call, scripts};
use crate::domain::id::RoomId;
use crate::domain::operation::Operation;
use crate::domain::time::Time;

/// What may wait to be written. More is lost, and rooms are listed that are over or not listed that stand, until
/// they are opened again or closed.
const WAITING: usize = 65_536;
/// What is written together.
const AT_ONCE: usize = 512;
/// How long the first of them waits for others.
const GATHERED_FOR: Duration = Duration::from_millis(50);
/// Between two attempts.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What became of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    Opened,
    Closed,
}

impl Listing {
    /// What `operation` does to the list.
    pub(super) fn of(operation: &Operation) -> Option<(RoomId, Self)> {
        if let Operation::OpenRoom { room, .. } = operation {
            Some((*room, Self::Opened))
        } else if let Operation::CloseRoom { room } = operation {
            Some((*room, Self::Closed))
        } else {
            None
        }
    }
}

/// The two ends: where operations are told of, and the task that writes.
pub(super) fn list(
    caller: Arc<Caller>,
    carrier: Arc<Carrier>,
) -> (mpsc::Sender<(RoomId, Listing)>, impl Future<Output = ()> + Send + 'static) {
    let (sender, told) = mpsc::channel(WAITING);
    (sender, run(caller, carrier, told))
}

async fn run(caller: Arc<Caller>, carrier: Arc<Carrier>, mut told: mpsc::Receiver<(RoomId, Listing)>) {
    let mut taken = Vec::with_capacity(AT_ONCE);
    let mut latest = BTreeMap::new();
    while told.recv_many(&mut taken, AT_ONCE).await > 0 {
        if taken.len() < AT_ONCE {
            sleep(GATHERED_FOR).await;
            while taken.len() < AT_ONCE
                && let Ok(more) = told.try_recv()
            {
                taken.push(more);
            }
        }
        // What became of a room last is all that counts.
        latest.extend(taken.drain(..));
        while !write(&caller, &carrier, &latest).await {
            sleep(AGAIN_AFTER).await;
        }
        latest.clear();
    }
}

async fn write(caller: &Caller, carrier: &Carrier, latest: &BTreeMap<RoomId, Listing>) -> bool {
    let mut command = caller.timed(&scripts::LIST_ROOMS, &[caller.keys.rooms()], Time::default());
    for (room, listing) in latest {
        let sign = match listing {
            Listing::Opened => '+',
            Listing::Closed => '-',
        };
        command.arg(format!("{sign}{room}"));
    }
    carrier.fetch(&call::call(command, &scripts::LIST_ROOMS, Expected::Done)).await.is_some()
}
