//! What happened, as counters.

use crate::domain::command::Refusal;
use crate::domain::event::{Event, TicketEnd};
use crate::domain::hall::HallRefusal;
use crate::domain::proposal::Failure;
use crate::metrics::{Counter, Counters};

/// Counts `event`.
pub(super) fn count(counters: &Counters, event: &Event) {
    counters.add(counter(event));
}

fn counter(event: &Event) -> Counter {
    match event {
        Event::SessionOpened => Counter::SessionsOpened,
        Event::SessionClosed => Counter::SessionsClosed,
        Event::SessionReplaced => Counter::SessionsReplaced,
        Event::SessionInactive => Counter::SessionsInactive,
        Event::Searching => Counter::TicketsSearching,
        Event::TicketEnded(TicketEnd::Matched) => Counter::TicketsMatched,
        Event::TicketEnded(TicketEnd::Cancelled) => Counter::TicketsCancelled,
        Event::TicketEnded(TicketEnd::Expired) => Counter::TicketsExpired,
        Event::TicketEnded(TicketEnd::Replaced) => Counter::TicketsReplaced,
        Event::TicketEnded(TicketEnd::Gone) => Counter::TicketsGone,
        Event::Proposed { .. } => Counter::Proposals,
        Event::ProposalFailed(Failure::Rejected) => Counter::ProposalsRejected,
        Event::ProposalFailed(Failure::Expired) => Counter::ProposalsExpired,
        Event::ProposalFailed(Failure::PartnerLeft) => Counter::ProposalsPartnerLeft,
        Event::RoomOpened => Counter::RoomsOpened,
        Event::RoomClosed { .. } => Counter::RoomsClosed,
        Event::HallEntered => Counter::HallsEntered,
        Event::Relayed(_) => Counter::SignalsRelayed,
        Event::CallFailed => Counter::CallsFailed,
        Event::ChatAdded => Counter::ChatMessages,
        Event::HeldSignalDropped => Counter::SignalsDropped,
        Event::Refused(refusal) => refused(refusal),
        Event::StoreUnavailable => Counter::StoreUnavailable,
        Event::BackendUnavailable => Counter::BackendUnavailable,
    }
}

fn refused(refusal: &Refusal) -> Counter {
    match refusal {
        Refusal::Invalid { .. } => Counter::RefusedInvalid,
        Refusal::UnknownEvent => Counter::RefusedUnknownEvent,
        Refusal::TooLarge { .. } => Counter::RefusedTooLarge,
        Refusal::NoSuchProposal => Counter::RefusedMatchGone,
        Refusal::NotInRoom => Counter::RefusedNotInSession,
        Refusal::InRoom => Counter::RefusedInSession,
        Refusal::Searching => Counter::RefusedSearching,
        Refusal::CoolingDown { .. } => Counter::RefusedCoolingDown,
        Refusal::RateLimited { .. } => Counter::RefusedRateLimited,
        Refusal::Busy { .. } => Counter::RefusedBusy,
        Refusal::Unavailable { .. } => Counter::RefusedUnavailable,
        Refusal::PoolFull { .. } => Counter::RefusedQueueFull,
        Refusal::Hall(HallRefusal::NoSuchHall) => Counter::RefusedRoomNotFound,
        Refusal::Hall(HallRefusal::NoSuchMember) => Counter::RefusedTargetNotFound,
        Refusal::Hall(HallRefusal::Full) => Counter::RefusedRoomFull,
        Refusal::Hall(HallRefusal::InTooMany) => Counter::RefusedTooManyRooms,
        Refusal::Hall(HallRefusal::NoMoreHalls) => Counter::RefusedRoomsFull,
    }
}
