//! A client, as the oracle has seen it.

use crate::event::Client;
use crate::people::Wish;
use crate::scenario::Family;
use crate::time::Moment;

/// Partners that are remembered of each client: memory stays the same however long a run is.
const REMEMBERED: usize = 32;

/// What it is doing.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Nothing.
    #[default]
    Idle,
    /// Waiting.
    Waiting {
        /// When the search was due.
        since: Moment,
        /// Since when nothing kept it from being matched.
        free_since: Moment,
        /// As what, and for whom.
        wish: Box<Wish>,
    },
    /// Before or after an answer to a proposal.
    Asked { room: Box<str>, partner: Client, accepted: bool },
    /// In a room.
    Talking { room: Box<str>, partner: Client },
}

impl State {
    pub(super) fn asked(room: Box<str>, partner: Client) -> Self {
        Self::Asked { room, partner, accepted: false }
    }
}

/// A client.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) family: Family,
    pub(super) state: State,
    /// Lost its connection, reads nothing, or said something that only such a client says, since it last began
    /// something.
    pub(super) shaken: bool,
    /// Reads nothing at the moment.
    pub(super) troubled: bool,
    /// How many people it has been: a guest without a secret is somebody new with each connection.
    pub(super) epoch: u32,
    /// The last search, for as long as others may be matched with it.
    last: Option<(Moment, Box<Wish>)>,
    met: [Option<(Client, u32)>; REMEMBERED],
    meetings: usize,
}

impl Seen {
    pub(super) const fn new(family: Family) -> Self {
        Self {
            family,
            state: State::Idle,
            shaken: false,
            troubled: false,
            epoch: 0,
            last: None,
            met: [None; REMEMBERED],
            meetings: 0,
        }
    }

    pub(super) fn become_another(&mut self) {
        self.epoch += 1;
        self.met = [None; REMEMBERED];
    }

    /// What it searches with, or searched with when it was found.
    pub(super) fn wish(&self) -> Option<&Wish> {
        match &self.state {
            State::Waiting { wish, .. } => Some(wish),
            State::Idle | State::Asked { .. } | State::Talking { .. } => {
                self.last.as_ref().map(|(_, wish)| &**wish)
            }
        }
    }

    pub(super) fn room(&self) -> Option<&str> {
        match &self.state {
            State::Asked { room, .. } | State::Talking { room, .. } => Some(room),
            State::Idle | State::Waiting { .. } => None,
        }
    }

    pub(super) fn partner(&self) -> Option<Client> {
        match &self.state {
            State::Asked { partner, .. } | State::Talking { partner, .. } => Some(*partner),
            State::Idle | State::Waiting { .. } => None,
        }
    }

    pub(super) fn is_talking(&self) -> bool {
        matches!(self.state, State::Talking { .. })
    }

    /// It was found: what it searched with is kept for its partner, who may be told later.
    pub(super) fn keep_wish(&mut self) {
        if let State::Waiting { since, wish, .. } = &self.state {
            self.last = Some((*since, wish.clone()));
        }
    }

    pub(super) fn remember(&mut self, partner: Client, epoch: u32) {
        self.met[self.meetings % REMEMBERED] = Some((partner, epoch));
        self.meetings += 1;
    }

    /// Whether these two were brought together before.
    pub(super) fn has_met(&self, partner: Client, partner_seen: &Self) -> bool {
        self.met.contains(&Some((partner, partner_seen.epoch)))
    }

    pub(super) fn accept(&mut self) {
        if let State::Asked { accepted, .. } = &mut self.state {
            *accepted = true;
        }
    }

    pub(super) fn agreed_to(&self, asked: &str) -> bool {
        match &self.state {
            State::Asked { room, accepted, .. } => **room == *asked && *accepted,
            State::Talking { room, .. } => **room == *asked,
            // Came and went before the other one was told.
            State::Idle | State::Waiting { .. } => true,
        }
    }

    pub(super) fn talk(&mut self) {
        if let State::Asked { room, partner, .. } = std::mem::take(&mut self.state) {
            self.state = State::Talking { room, partner };
        }
    }

    pub(super) fn fail(&mut self, requeued: bool, at: Moment) {
        self.state = match self.last.take() {
            Some((since, wish)) if requeued => State::Waiting { since, free_since: at, wish },
            Some(_) | None => State::Idle,
        };
    }
}
