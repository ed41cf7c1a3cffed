//! A talk: signals at its beginning, a few lines, and an end when all that was due has been heard.

use std::sync::Arc;
use std::time::Duration;

use qala::domain::command::{Command, RoomRef};
use qala::domain::talk::SignalKind;

use super::person::{Link, Matter, Phase, Place, Talk};
use super::{Crowd, Deed, tag};
use crate::event::{Client, Message, Stream, Told, What};
use crate::scenario::Family;
use crate::time::Moment;

/// The part of the shortest talk in which messages are sent.
const SENDING_PART: f64 = 0.4;
/// How long the end of a talk waits for what was due and has not been heard.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOKS_EVERY: Duration = Duration::from_millis(50);
/// How much longer the side that does not lead waits for the other to end the talk.
const OTHER_LEAVES_WITHIN: Duration = Duration::from_secs(15);

impl Crowd {
    pub(super) fn next_talk(&mut self) -> u32 {
        self.talks = self.talks.wrapping_add(1);
        self.talks
    }

    pub(super) fn begin_talk(&mut self, client: Client, told: Told, lasts: Duration, now: Moment) {
        let number = self.next_talk();
        let family = self.family(client);
        let leads = told.initiator.unwrap_or(told.partner.is_none_or(|partner| client < partner));
        let room = room_of(family, &told.room);
        let partner = told.partner;
        self.happened(client, What::Ready { talk: number, told }, now);
        let Some(room) = room else {
            return self.went_wrong(client, "a room whose id is none".into(), now);
        };
        let leave = now + lasts + if leads { Duration::ZERO } else { OTHER_LEAVES_WITHIN };
        let awaited = now < self.plan.ends();
        let leave_by = leave + HEARD_WITHIN;
        let place = Place { room, partner, leads };
        let talk = Talk { number, place, sent: [0; 2], heard: [0; 2], awaited, leave_by };
        self.enter_phase(client, Phase::Talking(Box::new(talk)));
        if family.has_signals() {
            self.timers.set(self.message_due(Stream::Signal, 0, leads, now), Deed::Signal(client, number));
        }
        if family.has_lines() {
            self.timers.set(self.message_due(Stream::Chat, 0, leads, now), Deed::Line(client, number));
        }
        self.timers.set(leave, Deed::Leave(client, number));
    }

    /// Each side's messages are spread evenly, the two sides taking turns.
    fn message_due(&self, stream: Stream, number: u32, leads: bool, begun: Moment) -> Moment {
        let all = self.all_of(stream).max(1);
        let turn = if leads { 0.0 } else { 0.5 };
        let part = (f64::from(number) + turn) / f64::from(all) * SENDING_PART;
        begun + Duration::from_secs_f64(self.scenario.talk.seconds * 0.5 * part)
    }

    /// The time between two messages of one side.
    fn spacing(&self, stream: Stream) -> Duration {
        self.message_due(stream, 1, true, Moment::default()).since(Moment::default())
    }

    fn all_of(&self, stream: Stream) -> u32 {
        match stream {
            Stream::Signal => self.scenario.talk.signals,
            Stream::Chat => self.scenario.talk.lines,
        }
    }

    pub(super) fn send_signal(&mut self, client: Client, talk: u32, due: Moment, now: Moment) {
        let family = self.family(client);
        let bytes = self.scenario.talk.signal_bytes;
        let write = |crowd: &Self, place: Place, message: &Message| {
            let kind = match (message.number, place.leads) {
                (0, true) => SignalKind::Offer,
                (0, false) => SignalKind::Answer,
                (1.., _) => SignalKind::Candidate,
            };
            let body = signal_body(kind, &tag::written(message), bytes);
            if family.is_matched() {
                family.dialect().signal(place.room, kind, &body)
            } else {
                crowd.signal_in_hall(client, place.partner, kind, &body)
            }
        };
        if self.send_message(client, talk, Stream::Signal, due, now, write) {
            self.timers.set(due + self.spacing(Stream::Signal), Deed::Signal(client, talk));
        }
    }

    pub(super) fn send_line(&mut self, client: Client, talk: u32, due: Moment, now: Moment) {
        let write = |_: &Self, place: Place, message: &Message| {
            let content = Arc::from(format!("{} so, what did you do today?", tag::written(message)));
            Some(Command::Chat { room: place.room, content, client_message_id: None })
        };
        if self.send_message(client, talk, Stream::Chat, due, now, write) {
            self.timers.set(due + self.spacing(Stream::Chat), Deed::Line(client, talk));
        }
    }

    /// Sends the next message of a stream. Whether there is another.
    fn send_message(
        &mut self,
        client: Client,
        number: u32,
        stream: Stream,
        due: Moment,
        now: Moment,
        write: impl FnOnce(&Self, Place, &Message) -> Option<Command>,
    ) -> bool {
        let all = self.all_of(stream);
        let link = self.person(client).link;
        let Some(talk) = self.person_mut(client).talk_mut(number) else { return false };
        let sent = &mut talk.sent[stream as usize];
        if *sent >= all {
            return false;
        }
        let message = Message { from: client, talk: number, stream, number: *sent, due };
        *sent += 1;
        let more = *sent < all;
        let place = talk.place;
        // Who is away says nothing meanwhile, and does not make up for it.
        if link == Link::In
            && let Some(command) = write(self, place, &message)
        {
            self.happened(client, What::Late(now.since(due)), now);
            self.happened(client, What::Sent(message), now);
            self.ask(client, &command, Matter::Message(stream), due, now);
        }
        more
    }

    pub(super) fn leave_when_all_is_heard(&mut self, client: Client, number: u32, now: Moment) {
        let family = self.family(client);
        let sent = [(family.has_signals(), Stream::Signal), (family.has_lines(), Stream::Chat)];
        let expected = sent.map(|(has, stream)| if has { self.all_of(stream) } else { 0 });
        let link = self.person(client).link;
        let Some(talk) = self.person_mut(client).talk_mut(number) else { return };
        let all_heard = talk.heard[0] >= expected[0] && talk.heard[1] >= expected[1];
        let all_sent = talk.sent[0] >= expected[0] && talk.sent[1] >= expected[1];
        let done = all_heard && all_sent;
        let (room, by) = (talk.place.room, talk.leave_by);
        // Who is away cannot leave, and is told on coming back what is left of the talk.
        if link != Link::In || (!done && now < by) {
            return self.timers.set(now + LOOKS_EVERY, Deed::Leave(client, number));
        }
        self.happened(client, What::Left, now);
        match family {
            Family::Qala | Family::Animochat | Family::Sorsu => {
                self.ask(client, &Command::LeaveRoom(room), Matter::Leave, now, now);
                self.be_free(client, now);
            }
            Family::Signaling => {
                self.leave_hall(client, now);
                self.be_free(client, now);
            }
            Family::WebrtcChat => {
                self.enter_phase(client, Phase::Idle);
                self.hang_up(client, now);
            }
        }
    }
}

/// How its clients name the room that they are told of by that text.
fn room_of(family: Family, told: &str) -> Option<RoomRef> {
    match family {
        Family::Qala => told.parse().ok().map(RoomRef::Id),
        Family::Sorsu => told.parse().ok().map(RoomRef::Number),
        Family::WebrtcChat | Family::Animochat | Family::Signaling => Some(RoomRef::Current),
    }
}

/// What an offer, an answer or a candidate looks like, of about that many bytes.
fn signal_body(kind: SignalKind, tag: &str, bytes: usize) -> String {
    let filler = "x".repeat(bytes.saturating_sub(tag.len() + 40));
    match kind {
        SignalKind::Offer => format!(r#"{{"type":"offer","sdp":"v=0 {tag}{filler}"}}"#),
        SignalKind::Answer => format!(r#"{{"type":"answer","sdp":"v=0 {tag}{filler}"}}"#),
        SignalKind::Candidate | SignalKind::Ready | SignalKind::Other => {
            format!(r#"{{"candidate":"candidate:{tag}{filler}","sdpMid":"0","sdpMLineIndex":0}}"#)
        }
    }
}
