//! Design section 9, 4: what is said in a room is heard by its members, in order, each once.

use qala::domain::id::{ConnectionId, RoomId, UserId};
use qala::domain::notice::Notice;
use qala::domain::talk::ChatMessage;

use super::super::ledger::{Ledger, View};
use super::super::observation::{Moment, Observation};
use super::super::talks::{Said, number};
use super::pairing::is_in;
use super::{Verdict, ensure};

/// Signals, chat and figures come from the other one of the room that the client is in.
pub(super) fn only_members_hear_a_room(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let (room, from) = match notice {
        Notice::Signal { room, from, .. } | Notice::Quality { room, from, .. } => (room, from),
        Notice::Chat { room, message } => (room, &message.from),
        _ => return Ok(()),
    };
    let view = ledger.view(*connection);
    ensure(view.is_some_and(|view| is_in(view, *room, from)), || {
        format!("{:?} heard {from} in {room} while {view:?}", ledger.user(*connection))
    })
}

fn heard_signal(moment: &Moment) -> Option<(ConnectionId, RoomId, &UserId, u64)> {
    match &moment.seen {
        Observation::Told { connection, notice: Notice::Signal { room, payload, from, .. } } => {
            Some((*connection, *room, from, number(&payload.0).unwrap_or(u64::MAX)))
        }
        _ => None,
    }
}

/// A signal was sent by the one it is said to be from, to that room.
pub(super) fn a_signal_is_heard_as_it_was_sent(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((_, room, from, number)) = heard_signal(moment) else { return Ok(()) };
    let sent = ledger.talks.signals.get(&number);
    ensure(sent.is_some_and(|said| said.by == *from && said.room == room), || {
        format!("signal {number} is not of {from} in {room}")
    })
}

/// Numbers rise from signal to signal of one sender.
pub(super) fn signals_are_heard_in_order_each_once(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((connection, room, from, number)) = heard_signal(moment) else { return Ok(()) };
    let Some(user) = ledger.user(connection) else { return Ok(()) };
    let last = ledger.talks.heard(user, room).and_then(|hearing| hearing.signals.last()).copied();
    ensure(last.is_none_or(|last| last < number), || {
        format!("{user} heard signal {number} of {from} after {last:?}")
    })
}

/// Every acknowledged signal has reached a peer who is still in the room: at once, or after its return. Not
/// one that went to a transport that was dead already, nor one of more than a core holds for who is away, nor one
/// that may be on the way to a node that is dead or does not answer.
pub(super) fn acknowledged_signals_are_complete(ledger: &Ledger, moment: &Moment) -> Verdict {
    each_listener(ledger, moment, |user, room, partner| {
        let hearing = ledger.talks.heard(user, room);
        if ledger.talks.dropped_signals
            || ledger.troubles.shaken.contains(&room)
            || hearing.is_some_and(|hearing| hearing.missed)
        {
            return Ok(());
        }
        let missing = ledger.talks.signals.iter().find(|(number, said)| {
            said.is_of(partner, room) && !hearing.is_some_and(|hearing| hearing.signals.contains(number))
        });
        ensure(missing.is_none(), || {
            format!("{user} never heard signal {:?} of {partner}", missing.map(|(number, _)| number))
        })
    })
}

fn heard_message(moment: &Moment) -> Option<(ConnectionId, RoomId, &ChatMessage)> {
    match &moment.seen {
        Observation::Told { connection, notice: Notice::Chat { room, message } } => {
            Some((*connection, *room, message))
        }
        _ => None,
    }
}

/// A message was written by the one it is said to be from, to that room, and is there under that number, unless
/// the store has lost it since and took it once more.
pub(super) fn chat_is_heard_as_it_was_written(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((_, room, message)) = heard_message(moment) else { return Ok(()) };
    let written = number(&message.content).and_then(|number| ledger.talks.messages.get(&number));
    let again = ledger.troubles.store_lost_at.is_some_and(|lost_at| lost_at <= message.at);
    let right = |said: &Said| {
        said.by == message.from
            && said.room == room
            && said.sequence.is_none_or(|sequence| sequence == message.sequence || again)
    };
    ensure(written.is_some_and(right), || format!("{message:?} in {room} was not written"))
}

/// Numbers in the room rise from message to message, and no message has two. What one writes is heard in
/// the order written; a message that is sent again may be in the room by its first sending or by its last.
pub(super) fn chat_is_heard_in_order_each_once(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((connection, room, message)) = heard_message(moment) else { return Ok(()) };
    let Some(user) = ledger.user(connection) else { return Ok(()) };
    let Some(hearing) = ledger.talks.heard(user, room) else { return Ok(()) };
    ensure(hearing.last_told < message.sequence, || {
        format!("{user} heard message {} after {}", message.sequence, hearing.last_told)
    })?;
    // A store that lost a message takes it once more.
    let kept = |at| ledger.troubles.store_lost_at.is_none_or(|lost_at| lost_at < at);
    let twin = hearing.messages.values().find(|known| {
        known.content == message.content && known.sequence != message.sequence && kept(known.at)
    });
    ensure(twin.is_none(), || format!("{user} heard {message:?} and {twin:?}"))?;
    let Some(written) = number(&message.content) else { return Ok(()) };
    let sent_once = ledger.talks.messages.get(&written).is_some_and(|said| said.times == 1);
    let later = hearing.messages.values().find(|known| {
        let earlier = sent_once && number(&known.content).is_some_and(|number| number > written);
        known.from == message.from && known.sequence < message.sequence && earlier
    });
    ensure(later.is_none(), || format!("{user} heard {message:?} after {later:?}"))
}

/// Every acknowledged message was told to a peer who is still in the room: at once, or after its return. Only
/// what a dead transport swallowed it has to ask for. Not in a room that lost messages with the store's newest: the
/// numbers of those are given once more, and who heard the first ones takes the second for the same.
pub(super) fn acknowledged_chat_is_complete(ledger: &Ledger, moment: &Moment) -> Verdict {
    each_listener(ledger, moment, |user, room, partner| {
        let hearing = ledger.talks.heard(user, room);
        if ledger.troubles.rewound.contains(&room) {
            return Ok(());
        }
        let missing = ledger.talks.messages.iter().find(|(_, said)| {
            let knows = |sequence| {
                hearing.is_some_and(|hearing| {
                    let asked = hearing.missed && hearing.messages.contains_key(&sequence);
                    asked || hearing.told.contains(&sequence)
                })
            };
            said.is_of(partner, room) && !said.sequence.is_some_and(knows)
        });
        ensure(missing.is_none(), || {
            format!("{user} never heard message {:?} of {partner}", missing.map(|(number, _)| number))
        })
    })
}

/// Once everything has settled: for each client that is in a room.
fn each_listener(
    ledger: &Ledger,
    moment: &Moment,
    look: impl Fn(&UserId, RoomId, &UserId) -> Verdict,
) -> Verdict {
    let Observation::Settled { .. } = &moment.seen else { return Ok(()) };
    for user in ledger.people.keys() {
        if let Some(View::Talking { room, partner, .. }) = ledger.view_of(user) {
            look(user, *room, partner)?;
        }
    }
    Ok(())
}

impl Said {
    fn is_of(&self, by: &UserId, room: RoomId) -> bool {
        self.done && self.by == *by && self.room == room
    }
}
