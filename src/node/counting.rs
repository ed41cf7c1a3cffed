//! What happened, as counters and figures.

use std::time::Duration;

use crate::domain::command::{Refusal, Scope};
use crate::domain::event::{Event, TicketEnd};
use crate::domain::hall::HallRefusal;
use crate::domain::operation::Operation;
use crate::domain::proposal::Failure;
use crate::domain::safety::ReportReason;
use crate::domain::talk::{Departure, SignalKind};
use crate::metrics::{Counter, Counters, StoreOperation};

/// Counts and measures `event`.
pub(super) fn count(counters: &Counters, event: &Event) {
    let timings = counters.timings();
    match event {
        Event::SessionOpened => counters.add(Counter::SessionsOpened),
        Event::SessionClosed => counters.add(Counter::SessionsClosed),
        Event::SessionReplaced => counters.add(Counter::SessionsReplaced),
        Event::SessionInactive => counters.add(Counter::SessionsInactive),
        Event::Searching => counters.add(Counter::TicketsSearching),
        Event::TicketEnded(end) => counters.add(ended(*end)),
        Event::Proposed { sides } => {
            counters.add(Counter::Proposals);
            for (stage, waited) in sides {
                timings.search_to_match[usize::from(stage.number())].observe(*waited);
            }
        }
        Event::ProposalFailed(failure) => counters.add(failed(*failure)),
        Event::RoomOpened => {
            counters.add(Counter::RoomsOpened);
            counters.add(Counter::ProposalsAgreed);
        }
        Event::RoomClosed { departure, lasted } => {
            counters.add(Counter::RoomsClosed);
            counters.add(left(*departure));
            timings.room.observe(*lasted);
        }
        Event::HallEntered => counters.add(Counter::HallsEntered),
        Event::Relayed(kind) => {
            counters.add(Counter::SignalsRelayed);
            counters.add(relayed(*kind));
        }
        Event::QualityReported(quality) => {
            // What a client says may be any number.
            let rtt = Duration::try_from_secs_f64(quality.rtt_ms / 1_000.0).unwrap_or(Duration::ZERO);
            timings.quality_rtt.observe(rtt);
        }
        Event::CallFailed => counters.add(Counter::CallsFailed),
        Event::ChatAdded => counters.add(Counter::ChatMessages),
        Event::HeldSignalDropped => counters.add(Counter::SignalsDropped),
        Event::Refused(refusal) => {
            counters.add(refused(refusal));
            if let Refusal::RateLimited { scope, .. } = refusal {
                counters.add(limited(*scope));
            }
        }
        Event::OverBudget(Scope::Matching) => counters.add(Counter::DryRunMatching),
        Event::OverBudget(Scope::Chat) => counters.add(Counter::DryRunChat),
        Event::OverBudget(Scope::Signaling) => counters.add(Counter::DryRunSignaling),
        Event::Blocked => counters.add(Counter::Blocks),
        Event::Reported(reason) => counters.add(reported(*reason)),
        Event::FlooderClosed => counters.add(Counter::FloodersClosed),
        Event::SlowedDown => counters.add(Counter::RejectorsSlowed),
        Event::StoreUnavailable => counters.add(Counter::StoreUnavailable),
        Event::BackendUnavailable => counters.add(Counter::BackendUnavailable),
    }
}

const fn ended(end: TicketEnd) -> Counter {
    match end {
        TicketEnd::Matched => Counter::TicketsMatched,
        TicketEnd::Cancelled => Counter::TicketsCancelled,
        TicketEnd::Expired => Counter::TicketsExpired,
        TicketEnd::Replaced => Counter::TicketsReplaced,
        TicketEnd::Gone => Counter::TicketsGone,
    }
}

const fn failed(failure: Failure) -> Counter {
    match failure {
        Failure::Rejected => Counter::ProposalsRejected,
        Failure::Expired => Counter::ProposalsExpired,
        Failure::PartnerLeft => Counter::ProposalsPartnerLeft,
    }
}

const fn left(departure: Departure) -> Counter {
    match departure {
        Departure::Left => Counter::RoomsLeft,
        Departure::Skipped => Counter::RoomsSkipped,
        Departure::Disconnected => Counter::RoomsDisconnected,
    }
}

const fn relayed(kind: SignalKind) -> Counter {
    match kind {
        SignalKind::Offer => Counter::SignalsOffer,
        SignalKind::Answer => Counter::SignalsAnswer,
        SignalKind::Candidate => Counter::SignalsCandidate,
        SignalKind::Ready => Counter::SignalsReady,
        SignalKind::Other => Counter::SignalsOther,
    }
}

const fn reported(reason: ReportReason) -> Counter {
    match reason {
        ReportReason::Harassment => Counter::ReportsHarassment,
        ReportReason::Sexual => Counter::ReportsSexual,
        ReportReason::Minor => Counter::ReportsMinor,
        ReportReason::Hate => Counter::ReportsHate,
        ReportReason::Spam => Counter::ReportsSpam,
        ReportReason::Other => Counter::ReportsOther,
    }
}

const fn limited(scope: Scope) -> Counter {
    match scope {
        Scope::Matching => Counter::RateLimitedMatching,
        Scope::Chat => Counter::RateLimitedChat,
        Scope::Signaling => Counter::RateLimitedSignaling,
    }
}

const fn refused(refusal: &Refusal) -> Counter {
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
        Refusal::TooManyBlocks => Counter::RefusedTooManyBlocks,
        Refusal::Hall(HallRefusal::NoSuchHall) => Counter::RefusedRoomNotFound,
        Refusal::Hall(HallRefusal::NoSuchMember) => Counter::RefusedTargetNotFound,
        Refusal::Hall(HallRefusal::Full) => Counter::RefusedRoomFull,
        Refusal::Hall(HallRefusal::InTooMany) => Counter::RefusedTooManyRooms,
        Refusal::Hall(HallRefusal::NoMoreHalls) => Counter::RefusedRoomsFull,
    }
}

/// What kind of operation it is.
pub(super) const fn kind(operation: &Operation) -> StoreOperation {
    match operation {
        Operation::Attach { .. } => StoreOperation::Attach,
        Operation::Register { .. } => StoreOperation::Register,
        Operation::Locate { .. } => StoreOperation::Locate,
        Operation::Reclaim { .. } => StoreOperation::Reclaim,
        Operation::Detach { .. } => StoreOperation::Detach,
        Operation::Remember { .. } => StoreOperation::Remember,
        Operation::Search(_) => StoreOperation::Search,
        Operation::Withdraw { .. } => StoreOperation::Withdraw,
        Operation::Renew { .. } => StoreOperation::Renew,
        Operation::Answer { .. } => StoreOperation::Answer,
        Operation::Expire { .. } => StoreOperation::Expire,
        Operation::OpenRoom { .. } => StoreOperation::OpenRoom,
        Operation::Rejoin { .. } => StoreOperation::Rejoin,
        Operation::CloseRoom { .. } => StoreOperation::CloseRoom,
        Operation::Append { .. } => StoreOperation::Append,
        Operation::Messages { .. } => StoreOperation::Messages,
        Operation::Hall { .. } => StoreOperation::Hall,
    }
}
