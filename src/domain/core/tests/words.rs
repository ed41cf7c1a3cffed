//! What tests speak of: Ana and Ben, their wishes, and the effects that are expected.

use super::super::super::criteria::Criteria;
use super::super::super::id::{Address, NodeId, ProposalId, SessionId, TicketId};
use super::super::super::notice::{Found, Partner};
use super::super::super::operation::Search;
use super::super::super::person::Attributes;
use super::super::super::proposal::Side;
use super::harness::Dice;
use super::*;

pub(super) const POOL: PoolId = PoolId("test");
pub(super) const ANA: ConnectionId = ConnectionId(1);
pub(super) const BEN: ConnectionId = ConnectionId(2);
/// Another connection of the same person as [`ANA`].
pub(super) const ANA_AGAIN: ConnectionId = ConnectionId(11);

/// The moment `ms` milliseconds after every test's beginning.
pub(super) fn at(ms: u64) -> Time {
    Time::from_ms(1_000_000_000 + ms)
}

/// Every question's name in a list of expected effects: the real one is only known to be new.
pub(super) const ANY: OperationId = OperationId(u64::MAX);

pub(super) fn ask(request: Operation) -> Effect {
    Effect::Ask { operation: ANY, request }
}

pub(super) fn looking(search: Search) -> Effect {
    ask(Operation::Search(Box::new(search)))
}

pub(super) fn notify(connection: ConnectionId, notice: Notice) -> Effect {
    Effect::Notify { connection, notice }
}

pub(super) fn ack(connection: ConnectionId, ack: u64, answer: Result<Reply, Refusal>) -> Effect {
    Effect::Acknowledge { connection, ack: AckId::from(ack), answer }
}

pub(super) fn done(connection: ConnectionId, number: u64) -> Effect {
    ack(connection, number, Ok(Reply::Done))
}

/// Ana has left the room.
pub(super) fn left(number: u64, room: RoomId) -> Effect {
    ack(ANA, number, Ok(Reply::Left { room, user: user("ana") }))
}

pub(super) fn joined(connection: ConnectionId, number: u64, place: Place) -> Effect {
    let Place { position, estimated_wait_seconds } = place;
    ack(connection, number, Ok(Reply::Joined { position, estimated_wait_seconds }))
}

pub(super) fn record(event: Event) -> Effect {
    Effect::Record(event)
}

pub(super) fn ended(end: TicketEnd) -> Effect {
    record(Event::TicketEnded(end))
}

pub(super) fn refused(refusal: Refusal) -> Effect {
    record(Event::Refused(refusal))
}

/// To the owner of Ben's ticket on the other node.
pub(super) fn send(envelope: Envelope) -> Effect {
    Effect::Send { to: there(), envelope }
}

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name)
}

pub(super) fn session(slot: u32) -> SessionId {
    SessionId { shard: 0, slot, generation: 0 }
}

pub(super) fn here(slot: u32) -> Address {
    Address { node: NodeId::new("here"), session: session(slot) }
}

/// Where Ben lives when he is not a client of the core under test.
pub(super) fn there() -> Address {
    Address { node: NodeId::new("there"), session: SessionId { shard: 3, slot: 70, generation: 2 } }
}

pub(super) fn welcome(name: &str) -> Notice {
    Notice::Welcome { user: user(name), guest: false, node: NodeId::new("here") }
}

/// The store is asked about somebody who came in at the beginning.
pub(super) fn attach(name: &str, slot: u32) -> Effect {
    attach_since(name, slot, at(0))
}

pub(super) fn attach_since(name: &str, slot: u32, since: Time) -> Effect {
    ask(Operation::Attach { user: user(name), pool: POOL, address: here(slot), since })
}

pub(super) fn detach(name: &str, slot: u32) -> Effect {
    ask(Operation::Detach { user: user(name), pool: POOL, address: here(slot) })
}

pub(super) fn withdraw(ticket: &Ticket) -> Effect {
    ask(Operation::Withdraw { pool: POOL, ticket: ticket.id })
}

/// Ana's history gets Ben, for the 24 hours of the contract.
pub(super) fn remember(now: Time) -> Effect {
    remembers("ana", "ben", now)
}

pub(super) fn remembers(name: &str, partner: &str, now: Time) -> Effect {
    let until = now + Duration::from_hours(24);
    ask(Operation::Remember { user: user(name), pool: POOL, partner: user(partner), until })
}

pub(super) fn answer(proposal: &Proposal, name: &str, verdict: Verdict) -> Effect {
    ask(Operation::Answer { pool: POOL, proposal: proposal.id, user: user(name), verdict })
}

pub(super) fn expire(proposal: &Proposal) -> Effect {
    ask(Operation::Expire { pool: POOL, proposal: proposal.id })
}

pub(super) fn open(proposal: &Proposal) -> Effect {
    let members = [0, 1].map(|side: usize| proposal.sides[side].ticket.user.clone());
    ask(Operation::OpenRoom {
        pool: proposal.pool,
        room: proposal.room,
        members,
        heard: None,
        written: [0; 2],
    })
}

/// Ana, in place 0, is known to be in the room, where Ben is on the other node.
pub(super) fn registers(proposal: &Proposal, now: Time) -> Effect {
    registers_since(proposal, at(0), now)
}

/// The same of Ana who came in, or back, at that moment.
pub(super) fn registers_since(proposal: &Proposal, rank: Time, now: Time) -> Effect {
    let anas = usize::from(proposal.sides[1].ticket.user == user("ana"));
    register_since("ana", here(0), rank, Some(talk(proposal, anas, there(), now)))
}

/// Somebody who came in at the beginning is known to be there, and in this talk.
pub(super) fn register(name: &str, address: Address, talk: Option<Talk>) -> Effect {
    register_since(name, address, at(0), talk)
}

/// The same of somebody who came in, or back, at that moment.
pub(super) fn register_since(name: &str, address: Address, rank: Time, talk: Option<Talk>) -> Effect {
    ask(Operation::Register { user: user(name), pool: POOL, address, rank, talk: talk.map(Box::new) })
}

/// The store knows nothing of somebody who came in at the beginning.
pub(super) fn attached() -> Outcome {
    Outcome::Attached(Attached { history: Vec::new(), former: None, rank: at(0) })
}

/// The one who lives there counts, since the beginning.
pub(super) fn registered(lives_at: Address) -> Outcome {
    Outcome::Registered(Registered { lives_at, rank: at(0), former: None })
}

/// The one of side `own`, in that place of this core, is known to be in the room with a peer there.
pub(super) fn knows(proposal: &Proposal, own: usize, place: u32, peer: Address, now: Time) -> Effect {
    let name = proposal.sides[own].ticket.user.as_str();
    register(name, here(place), Some(talk(proposal, own, peer, now)))
}

/// What the one of side `own` knows of a talk.
pub(super) fn talk(proposal: &Proposal, own: usize, peer: Address, since: Time) -> Talk {
    Talk {
        proposal: proposal.id,
        room: proposal.room,
        peer,
        partner: partner(&proposal.sides[1 - own].ticket),
        initiator: own == 0,
        since,
    }
}

pub(super) fn close(proposal: &Proposal) -> Effect {
    ask(Operation::CloseRoom { room: proposal.room })
}

pub(super) fn renew(tickets: &[&Ticket], now: Time) -> Effect {
    let tickets = tickets.iter().map(|ticket| ticket.id).collect();
    ask(Operation::Renew { pool: POOL, tickets, lease_until: now + Duration::from_secs(6) })
}

pub(super) fn place(position: u32) -> Place {
    Place { position, estimated_wait_seconds: position * 10 }
}

pub(super) const AT_ONCE: Place = Place { position: 0, estimated_wait_seconds: 0 };

pub(super) fn listed(position: u32) -> Outcome {
    Outcome::Searched(Searched::Listed(place(position)))
}

pub(super) fn claimed(proposal: &Arc<Proposal>) -> Outcome {
    Outcome::Searched(Searched::Claimed(proposal.clone()))
}

pub(super) fn taken(proposal: &Arc<Proposal>) -> Outcome {
    Outcome::Searched(Searched::Taken(proposal.clone()))
}

pub(super) const UNAVAILABLE: Outcome = Outcome::Unavailable { retry_after_ms: 700 };
pub(super) const UNAVAILABLE_REFUSAL: Refusal = Refusal::Unavailable { retry_after_ms: 700 };

/// What somebody is and wants.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) attributes: Attributes,
    pub(super) criteria: Criteria,
}

impl Wish {
    /// Asks for everything that can be asked for.
    fn new(speaks: &str, learns: &str, gender: Gender, asks: Gender) -> Self {
        let [speaks, learns] = [speaks, learns].map(|tag| tag.parse().expect("a language"));
        let proficiency = Proficiency::Beginner;
        Self {
            attributes: Attributes { speaks, learns, proficiency, age: 25, gender: Some(gender) },
            criteria: Criteria {
                same_proficiency: true,
                age: AgeRange { min: 20, max: 30 },
                gender: Some(asks),
                strict: Strict::default(),
            },
        }
    }

    pub(super) fn skip(&self) -> Command {
        Command::Skip { attributes: self.attributes.clone(), criteria: self.criteria.clone() }
    }

    pub(super) fn join(&self) -> Command {
        Command::Join { attributes: self.attributes.clone(), criteria: self.criteria.clone() }
    }
}

/// Ana's wish.
pub(super) fn wish() -> Wish {
    Wish::new("en", "es", Gender::Female, Gender::Male)
}

/// Ben's, which it fits.
pub(super) fn bens_wish() -> Wish {
    Wish::new("es", "en", Gender::Male, Gender::Female)
}

pub(super) fn ticket(id: TicketId, name: &str, owner: Address, wish: &Wish, enqueued_at: Time) -> Ticket {
    let Wish { attributes, criteria } = wish.clone();
    let (user, priority, avoid) = (user(name), Priority::Usual, Arc::default());
    Ticket { id, user, owner, pool: POOL, attributes, criteria, enqueued_at, priority, avoid }
}

/// Ben's ticket, made on the other node at the beginning.
pub(super) fn bens_ticket() -> Arc<Ticket> {
    Arc::new(ticket(TicketId(70), "ben", there(), &bens_wish(), at(0)))
}

/// Proposal `number` of two tickets, the claimer's first, until 20 s after `now`.
pub(super) fn pair(number: u64, claimer: &Arc<Ticket>, claimed: &Arc<Ticket>, now: Time) -> Arc<Proposal> {
    let side = |ticket: &Arc<Ticket>| Side { ticket: ticket.clone(), stage: Stage::Exact, accepted: false };
    Arc::new(Proposal {
        id: ProposalId::random(&mut Dice(number)),
        room: RoomId::random(&mut Dice(1_000 + number)),
        pool: POOL,
        sides: [side(claimer), side(claimed)],
        expires_at: now + Duration::from_secs(20),
    })
}

/// The same, accepted by these.
pub(super) fn accepted(proposal: &Proposal, names: &[&str]) -> Arc<Proposal> {
    let mut proposal = proposal.clone();
    for side in &mut proposal.sides {
        side.accepted = names.contains(&side.ticket.user.as_str());
    }
    Arc::new(proposal)
}

pub(super) fn partner(ticket: &Ticket) -> Partner {
    let Attributes { speaks, learns, proficiency, .. } = ticket.attributes;
    Partner { user: ticket.user.clone(), speaks, learns, proficiency }
}

/// What the one of side `own` is told of a proposal.
pub(super) fn found(proposal: &Proposal, own: usize) -> Found {
    Found {
        proposal: proposal.id,
        room: proposal.room,
        partner: partner(&proposal.sides[1 - own].ticket),
        expires_at: proposal.expires_at,
        stage: proposal.sides[own].stage,
        initiator: own == 0,
    }
}

/// What the one of that name is told when the room stands.
pub(super) fn ready(proposal: &Proposal, name: &str) -> Notice {
    let (own, other) = proposal.sides_of(&user(name)).expect("one of the two");
    Notice::MatchReady {
        proposal: proposal.id,
        room: proposal.room,
        partner: partner(&other.ticket),
        initiator: own == &proposal.sides[0],
    }
}

pub(super) fn failed(proposal: &Proposal, failure: Failure, requeued: bool) -> Notice {
    Notice::MatchFailed { proposal: proposal.id, failure, requeued }
}

/// The two were claimed at that moment.
pub(super) fn proposed_at(proposal: &Proposal, ms: u64) -> Effect {
    let sides = proposal.sides.each_ref().map(|side| (side.stage, at(ms).since(side.ticket.enqueued_at)));
    record(Event::Proposed { sides })
}

/// Ana is back, and told where she stands.
pub(super) fn resumed(resumed: Resumed) -> [Effect; 2] {
    [notify(ANA_AGAIN, welcome("ana")), notify(ANA_AGAIN, Notice::Resumed(resumed))]
}

/// That she is in the room, where she began the call.
pub(super) fn in_room(proposal: &Proposal) -> Resumed {
    Resumed::Talking {
        proposal: proposal.id,
        room: proposal.room,
        partner: partner(&proposal.sides[1].ticket),
        initiator: true,
        last_sequence: 0,
        told: true,
    }
}

/// The same, where she was away when the room began.
pub(super) fn in_room_untold(proposal: &Proposal) -> Resumed {
    let in_room = in_room(proposal);
    let Resumed::Talking { proposal, room, partner, initiator, last_sequence, .. } = in_room else {
        unreachable!("she talks")
    };
    Resumed::Talking { proposal, room, partner, initiator, last_sequence, told: false }
}

/// She is told what she missed of the chat.
pub(super) fn missed(proposal: &Proposal) -> Effect {
    ask(Operation::Messages { room: proposal.room, after: 0 })
}
