//! What a client makes of what it hears.

use qala::dialect::client::{Heard, Meeting};
use qala::domain::command::Command;
use qala::domain::id::ProposalId;

use super::person::{Asked, Link, Matter, Phase};
use super::{Crowd, tag};
use crate::event::{Client, Stream, Told, What};
use crate::time::Moment;

impl Crowd {
    pub(super) fn hear(&mut self, client: Client, text: &str, now: Moment) {
        if matches!(self.person(client).link, Link::Silent | Link::Away) {
            return;
        }
        match self.family(client).dialect().hear(text) {
            Heard::Welcome { user } => {
                self.know(client, &user, now);
                self.welcomed(client, now);
            }
            Heard::Idle => self.back_to_nothing(client, now),
            Heard::Waiting => self.still_waiting(client, now),
            Heard::Found(meeting) => self.found(client, &meeting, now),
            Heard::Ready(meeting) => self.ready(client, &meeting, now),
            Heard::Failed { proposal, requeued } => self.failed(client, &proposal, requeued, now),
            Heard::Expired => self.expired(client, now),
            Heard::Signal { body, .. } => self.heard_message(client, Stream::Signal, body.get(), now),
            Heard::Chat(line) => self.heard_message(client, Stream::Chat, &line.content, now),
            Heard::PeerLeft => self.peer_left(client, now),
            Heard::Hall(heard) => self.hear_of_hall(client, heard, now),
            Heard::Refused { code } => self.went_wrong(client, format!("refused: {code}"), now),
            Heard::Unknown => {
                let event: String = text.chars().take(40).collect();
                self.went_wrong(client, format!("not understood: {event}"), now);
            }
            Heard::Accepted | Heard::Cancelled | Heard::Peer { .. } | Heard::Ending | Heard::Aside => {}
        }
    }

    fn back_to_nothing(&mut self, client: Client, now: Moment) {
        if self.person(client).link == Link::Entering {
            self.begin_anew(client, now);
        }
    }

    /// Somebody who came back to a wait, a proposal or a talk of which only the wait is left.
    fn still_waiting(&mut self, client: Client, now: Moment) {
        if self.person(client).link != Link::Entering {
            return;
        }
        match self.enter_phase(client, Phase::Idle) {
            Phase::Waiting(arrival) => {
                self.enter_phase(client, Phase::Waiting(arrival));
            }
            Phase::Asked(asked) => {
                self.happened(client, What::Failed { requeued: true }, now);
                self.enter_phase(client, Phase::Waiting(Box::new(asked.arrival)));
            }
            Phase::Idle | Phase::Talking(_) => {
                self.happened(client, What::Fresh, now);
                self.ask(client, &Command::LeaveQueue, Matter::Cancel, now, now);
            }
        }
        self.be_in(client, now);
    }

    /// As the reporters are told.
    fn told(&self, meeting: &Meeting<'_>) -> Told {
        let partner = meeting.partner.as_ref().and_then(|name| self.names.get(name.as_ref()).copied());
        Told {
            partner,
            room: meeting.room.as_ref().into(),
            stage: meeting.stage,
            initiator: meeting.initiator,
            again: meeting.resumed,
        }
    }

    fn found(&mut self, client: Client, meeting: &Meeting<'_>, now: Moment) {
        self.person_mut(client).link = Link::In;
        let told = self.told(meeting);
        let (partner, initiator) = (told.partner, told.initiator);
        self.happened(client, What::Found(told), now);
        let proposal = meeting.proposal.as_ref().and_then(|id| id.parse::<ProposalId>().ok());
        let Some(proposal) = proposal else {
            return self.went_wrong(client, "a proposal whose id is none".into(), now);
        };
        let mut arrival = match self.enter_phase(client, Phase::Idle) {
            Phase::Waiting(arrival) => *arrival,
            Phase::Asked(asked) => asked.arrival,
            // Whoever did not ask is matched all the same: the oracle says so, and the talk it is in goes on.
            other @ (Phase::Idle | Phase::Talking(_)) => {
                self.enter_phase(client, other);
                return;
            }
        };
        let rejects = std::mem::take(&mut arrival.rejects);
        let asked = Asked { arrival, proposal, partner, initiator, rejected: rejects };
        self.enter_phase(client, Phase::Asked(Box::new(asked)));
        let (command, matter, what) = if rejects {
            (Command::Reject(proposal), Matter::Reject, What::Rejected)
        } else {
            (Command::Accept(proposal), Matter::Accept, What::Accepted)
        };
        self.happened(client, what, now);
        self.ask(client, &command, matter, now, now);
    }

    fn failed(&mut self, client: Client, proposal: &str, requeued: bool, now: Moment) {
        let is_that = |asked: &Asked| asked.proposal.to_string() == proposal;
        match self.enter_phase(client, Phase::Idle) {
            Phase::Asked(asked) if is_that(&asked) => {
                self.happened(client, What::Failed { requeued }, now);
                if requeued {
                    self.enter_phase(client, Phase::Waiting(Box::new(asked.arrival)));
                } else {
                    self.be_free(client, now);
                }
            }
            other @ (Phase::Idle | Phase::Waiting(_) | Phase::Asked(_) | Phase::Talking(_)) => {
                self.enter_phase(client, other);
            }
        }
    }

    /// Whoever rejects is told by the acknowledgement alone, and goes on waiting.
    pub(super) fn rejection_heard(&mut self, client: Client, now: Moment) {
        match self.enter_phase(client, Phase::Idle) {
            Phase::Asked(asked) if asked.rejected => {
                self.happened(client, What::Failed { requeued: true }, now);
                self.enter_phase(client, Phase::Waiting(Box::new(asked.arrival)));
            }
            other @ (Phase::Idle | Phase::Waiting(_) | Phase::Asked(_) | Phase::Talking(_)) => {
                self.enter_phase(client, other);
            }
        }
    }

    pub(super) fn ready(&mut self, client: Client, meeting: &Meeting<'_>, now: Moment) {
        self.person_mut(client).link = Link::In;
        let mut told = self.told(meeting);
        match self.enter_phase(client, Phase::Idle) {
            Phase::Asked(asked) => {
                told.partner = told.partner.or(asked.partner);
                told.initiator = told.initiator.or(asked.initiator);
                self.begin_talk(client, told, asked.arrival.talk, now);
            }
            Phase::Waiting(arrival) => self.begin_talk(client, told, arrival.talk, now),
            Phase::Talking(talk) => {
                let number = talk.number;
                self.happened(client, What::Ready { talk: number, told }, now);
                self.enter_phase(client, Phase::Talking(talk));
            }
            Phase::Idle => {
                // Nobody asked. The oracle says so; the client lets the room be.
                let talk = self.next_talk();
                self.happened(client, What::Ready { talk, told }, now);
                self.stand_in_line(client, now);
            }
        }
    }

    pub(super) fn heard_message(&mut self, client: Client, stream: Stream, text: &str, now: Moment) {
        let Some(message) = tag::read(text) else {
            return self.happened(client, What::HeardStrange(stream), now);
        };
        // Some families show everybody their own lines.
        if message.from == client {
            return;
        }
        if let Phase::Talking(talk) = &mut self.person_mut(client).phase {
            talk.heard[stream as usize] += 1;
        }
        self.happened(client, What::Heard(message), now);
    }

    pub(super) fn peer_left(&mut self, client: Client, now: Moment) {
        if matches!(self.person(client).phase, Phase::Talking(_)) {
            self.happened(client, What::PeerLeft, now);
            self.follow_out_of_hall(client, now);
            self.be_free(client, now);
        }
    }
}
