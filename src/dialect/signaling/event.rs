//! The names of events. Nothing else in the house spells them.

use crate::domain::talk::SignalKind;

pub(super) const JOIN_ROOM: &str = "join-room";
pub(super) const LEAVE_ROOM: &str = "leave-room";
pub(super) const OFFER: &str = "offer";
pub(super) const ANSWER: &str = "answer";
pub(super) const ICE_CANDIDATE: &str = "ice-candidate";
pub(super) const ROOM_USERS: &str = "room-users";
pub(super) const ROOM_PARTICIPANTS: &str = "room-participants";
pub(super) const USER_JOINED: &str = "user-joined";
pub(super) const USER_LEFT: &str = "user-left";
pub(super) const USER_AWAY: &str = "user-away";
pub(super) const USER_BACK: &str = "user-back";
pub(super) const SESSION_RESUMED: &str = "session-resumed";
pub(super) const REPLACED: &str = "replaced";
pub(super) const SERVER_SHUTDOWN: &str = "server-shutdown";
pub(super) const ERROR: &str = "error";

/// The event that carries a signal of this kind, if these clients have one, and what it calls what is carried.
pub(super) const fn of_signal(kind: SignalKind) -> Option<(&'static str, &'static str)> {
    match kind {
        SignalKind::Offer => Some((OFFER, "offer")),
        SignalKind::Answer => Some((ANSWER, "answer")),
        SignalKind::Candidate => Some((ICE_CANDIDATE, "candidate")),
        SignalKind::Ready | SignalKind::Other => None,
    }
}
