//! Families whose servers match nobody: two agree on a hall by themselves, call each other there, and leave it.

use std::sync::Arc;

use qala::dialect::client::{Hall, HallHeard, Meeting};
use qala::domain::command::Command;
use qala::domain::hall::HallCommand;
use qala::domain::id::{HallName, MemberName};
use qala::domain::talk::{Payload, SignalKind};

use super::Crowd;
use super::person::{Link, Matter, Phase};
use crate::event::{Client, Stream};
use crate::scenario::Family;
use crate::time::Moment;

/// What a client is called in halls.
pub(super) fn member(client: Client) -> String {
    format!("caller-{client}")
}

impl Crowd {
    /// The search of somebody who goes where another one waits, or waits in a hall of its own.
    pub(super) fn enter_hall(&mut self, client: Client, due: Moment, now: Moment) {
        let waiting = self.waits_in_hall.take().filter(|other| {
            let person = self.person(*other);
            *other != client && person.link == Link::In && matches!(person.phase, Phase::Waiting(_))
        });
        let theirs = waiting.and_then(|other| self.person(other).hall.clone());
        let hall = theirs.unwrap_or_else(|| {
            self.waits_in_hall = Some(client);
            self.halls += 1;
            // Other runs at the same server have halls of their own.
            HallName::new(format!("{}-{}", self.first_sid, self.halls))
        });
        self.person_mut(client).hall = Some(hall.clone());
        let command = Command::Hall(HallCommand::Enter { hall, name: MemberName::new(member(client)) });
        self.ask(client, &command, Matter::Search, due, now);
    }

    pub(super) fn leave_hall(&mut self, client: Client, now: Moment) {
        if let Some(hall) = self.person_mut(client).hall.take() {
            self.ask(client, &Command::Hall(HallCommand::Leave { hall }), Matter::Leave, now, now);
        }
    }

    /// The command that carries `body` to the other one in the hall.
    pub(super) fn signal_in_hall(
        &self,
        client: Client,
        to: Option<Client>,
        kind: SignalKind,
        body: &str,
    ) -> Option<Command> {
        let hall = self.person(client).hall.clone()?;
        let (to, payload) = (MemberName::new(member(to?)), Payload(Arc::from(body)));
        Some(Command::Hall(HallCommand::Signal { hall, to, kind, payload }))
    }

    pub(super) fn hear_of_hall(&mut self, client: Client, heard: HallHeard<'_>, now: Moment) {
        match heard {
            HallHeard::Members(Hall { hall: Some(room), others, .. }) => {
                if let Some(partner) = others.into_iter().next() {
                    let meeting = Meeting { room, partner: Some(partner), ..Meeting::default() };
                    self.ready(client, &meeting, now);
                }
            }
            HallHeard::Joined { hall, name } => {
                let meeting = Meeting { room: hall, partner: Some(name), ..Meeting::default() };
                self.ready(client, &meeting, now);
            }
            HallHeard::Signal { body, .. } => self.heard_message(client, Stream::Signal, body.get(), now),
            HallHeard::Left { hall, .. } => {
                if self.person(client).hall.as_ref().is_some_and(|own| own.as_str() == hall) {
                    self.peer_left(client, now);
                }
            }
            // The same list once more, for other clients.
            HallHeard::Members(Hall { hall: None, .. })
            | HallHeard::Member { .. }
            | HallHeard::Resumed(_)
            | HallHeard::Replaced { .. } => {}
        }
    }

    /// Whoever is left in a hall leaves it as well.
    pub(super) fn follow_out_of_hall(&mut self, client: Client, now: Moment) {
        if self.family(client) == Family::Signaling {
            self.leave_hall(client, now);
        }
    }
}
