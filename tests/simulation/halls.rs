//! Who is in which hall, by what clients were told, and what they sent each other there.

use std::collections::{BTreeMap, BTreeSet};

use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::hall::{HallCommand, HallNotice, HallView};
use qala::domain::id::{ConnectionId, HallName, MemberName, UserId};

use super::talks::number;

/// Everything that was seen of halls.
#[derive(Default)]
pub(crate) struct Halls {
    /// By connection: the halls that its client believes to be in.
    pub(crate) stays: BTreeMap<ConnectionId, BTreeMap<HallName, Stay>>,
    /// Signals by their numbers.
    pub(crate) signals: BTreeMap<u64, Sent>,
    /// The last signal of a connection that a user heard in a hall.
    pub(crate) last: BTreeMap<(ConnectionId, UserId, HallName), u64>,
    /// How often somebody came into a hall.
    pub(crate) entered: usize,
    /// How much has been seen, to tell what was first.
    seen: u64,
}

/// A client's stay in a hall, as it believes.
pub(crate) struct Stay {
    pub(crate) name: MemberName,
    pub(crate) others: BTreeSet<MemberName>,
    /// Since when the others are known by these names: later for those who came later.
    since: BTreeMap<MemberName, u64>,
    came: u64,
}

/// A signal.
pub(crate) struct Sent {
    pub(crate) by: ConnectionId,
    pub(crate) hall: HallName,
    /// What its sender believed to be called there when it was carried; `None` where that is not known.
    pub(crate) from: Option<MemberName>,
    pub(crate) to: MemberName,
    pub(crate) at: u64,
    /// It was acknowledged.
    pub(crate) done: bool,
    pub(crate) heard: bool,
}

impl Stay {
    fn new(view: &HallView, seen: u64) -> Self {
        let others = view.others.iter().cloned().collect();
        let since = view.others.iter().map(|other| (other.clone(), seen)).collect();
        Self { name: view.name.clone(), others, since, came: seen }
    }

    /// Whether it and that one's have been there, by what its client was told, since before `seen`.
    pub(crate) fn stood_with(&self, other: &MemberName, seen: u64) -> bool {
        self.came < seen && self.since.get(other).is_some_and(|since| *since < seen)
    }
}

impl Halls {
    /// The stay of a client over that connection.
    pub(crate) fn stay(&self, connection: ConnectionId, hall: &HallName) -> Option<&Stay> {
        self.stays.get(&connection)?.get(hall)
    }

    pub(crate) fn asked(&mut self, by: ConnectionId, command: &Result<Command, Refusal>) {
        let Ok(Command::Hall(HallCommand::Signal { hall, to, payload, .. })) = command else { return };
        self.seen += 1;
        let Some(number) = number(&payload.0) else { return };
        let (hall, to, at) = (hall.clone(), to.clone(), self.seen);
        self.signals.insert(number, Sent { by, hall, from: None, to, at, done: false, heard: false });
    }

    pub(crate) fn answered(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        answer: &Result<Reply, Refusal>,
    ) {
        let (Command::Hall(command), Ok(reply)) = (command, answer) else { return };
        self.seen += 1;
        let stays = self.stays.entry(connection).or_default();
        match (command, reply) {
            (HallCommand::Enter { .. }, Reply::Entered(view)) => {
                self.entered += 1;
                stays.insert(view.hall.clone(), Stay::new(view, self.seen));
            }
            (HallCommand::Leave { hall }, _) => drop(stays.remove(hall)),
            (HallCommand::Signal { hall, payload, .. }, _) => {
                let from = stays.get(hall).map(|stay| stay.name.clone());
                let sent = number(&payload.0).and_then(|number| self.signals.get_mut(&number));
                if let Some(sent) = sent {
                    (sent.from, sent.done) = (from, true);
                }
            }
            (HallCommand::Enter { .. }, _) => {}
        }
    }

    pub(crate) fn told(&mut self, connection: ConnectionId, user: &UserId, notice: &HallNotice) {
        self.seen += 1;
        let stays = self.stays.entry(connection).or_default();
        match notice {
            HallNotice::Resumed(views) => {
                *stays = views.iter().map(|view| (view.hall.clone(), Stay::new(view, self.seen))).collect();
            }
            HallNotice::Joined { hall, name } => {
                if let Some(stay) = stays.get_mut(hall) {
                    stay.others.insert(name.clone());
                    stay.since.insert(name.clone(), self.seen);
                }
            }
            HallNotice::Left { hall, name, .. } => {
                if let Some(stay) = stays.get_mut(hall) {
                    stay.others.remove(name);
                    stay.since.remove(name);
                }
            }
            HallNotice::Replaced { hall, .. } => drop(stays.remove(hall)),
            HallNotice::Signal { payload, .. } => {
                let Some(number) = number(&payload.0) else { return };
                let Some(sent) = self.signals.get_mut(&number) else { return };
                sent.heard = true;
                self.last.insert((sent.by, user.clone(), sent.hall.clone()), number);
            }
            HallNotice::Away { .. } | HallNotice::Back { .. } => {}
        }
    }
}
