//! A store that is asked as a node would ask it, and people to ask about.

use std::sync::Arc;
use std::time::Duration;

use qala::domain::criteria::{AgeRange, Criteria, Ladder, Stage, Strict};
use qala::domain::id::{ProposalId, RoomId, TicketId, UserId};
use qala::domain::operation::{
    Answered, Appended, Expired, Operation, Outcome, Place, Reclaimed, Search, Searched, Standing, Withdrawn,
};
use qala::domain::person::{Attributes, Proficiency};
use qala::domain::proposal::{Proposal, Verdict};
use qala::domain::talk::ChatMessage;
use qala::domain::ticket::{PoolId, Priority, Ticket};
use qala::domain::time::Time;
use qala::store::Store;

use crate::store::{address, answer, search};

/// The pool of most cases.
pub(crate) const POOL: PoolId = PoolId("contract");
/// How long a proposal stands in these cases.
pub(crate) const ACCEPT_WITHIN: Duration = Duration::from_secs(20);

/// The moment `ms` milliseconds into a case.
pub(crate) fn at(ms: u64) -> Time {
    Time::from_ms(1_700_000_000_000 + ms)
}

/// User number `number`.
pub(crate) fn user(number: u64) -> UserId {
    UserId::new(format!("user-{number}"))
}

/// The first ticket of user number `number`, who speaks English, learns Spanish and wants anybody. It waits
/// since the beginning.
pub(crate) fn here(number: u64) -> Ticket {
    speaking("en", "es", number)
}

/// The same the other way round: Here and There may meet.
pub(crate) fn there(number: u64) -> Ticket {
    speaking("es", "en", number)
}

/// The same between other languages.
pub(crate) fn speaking(speaks: &str, learns: &str, number: u64) -> Ticket {
    let language = |tag: &str| tag.parse().expect("a language");
    Ticket {
        id: TicketId(number),
        user: user(number),
        owner: address(7),
        pool: POOL,
        attributes: Attributes {
            speaks: language(speaks),
            learns: language(learns),
            proficiency: Proficiency::Beginner,
            age: 30,
            gender: None,
        },
        criteria: Criteria {
            same_proficiency: false,
            age: AgeRange::ALL,
            gender: None,
            strict: Strict { age: true, gender: false, proficiency: false },
        },
        enqueued_at: at(0),
        priority: Priority::Usual,
        avoid: Arc::default(),
    }
}

/// A search for `ticket` at the first stage, naming proposal and room after the ticket.
pub(crate) fn first_search(ticket: Ticket) -> Search {
    search_at(ticket, Stage::Exact)
}

/// A search for `ticket` at a stage.
pub(crate) fn search_at(ticket: Ticket, stage: Stage) -> Search {
    let number = ticket.id.0;
    Search { accept_within: ACCEPT_WITHIN, ..search(ticket, stage, &Ladder::default(), number) }
}

/// A place while nobody was matched yet.
pub(crate) fn place(position: u32) -> Place {
    Place { position, estimated_wait_seconds: 30 }
}

/// A place that a search told.
pub(crate) fn listed(position: u32) -> Searched {
    Searched::Listed(place(position))
}

/// The proposal in an answer that must have brought one.
pub(crate) fn claimed(searched: Searched) -> Arc<Proposal> {
    let Searched::Claimed(proposal) = searched else { panic!("nobody was claimed: {searched:?}") };
    proposal
}

/// Whom the claimer found.
pub(crate) fn found(searched: Searched) -> TicketId {
    claimed(searched).sides[1].ticket.id
}

/// A store that is asked.
pub(crate) struct Asked(pub(crate) Box<dyn Store>);

/// What an operation is answered with, or a panic that says what else came.
macro_rules! expect {
    ($outcome:expr, $variant:ident) => {
        match $outcome {
            Outcome::$variant(answer) => answer,
            other => panic!(concat!("not ", stringify!($variant), ": {:?}"), other),
        }
    };
}

impl Asked {
    /// An operation that has nothing to tell.
    pub(crate) fn done(&self, operation: Operation, now: Time) {
        assert_eq!(answer(&*self.0, operation, now), Outcome::Done);
    }

    pub(crate) fn search(&self, search: Search, now: Time) -> Searched {
        expect!(answer(&*self.0, Operation::Search(Box::new(search)), now), Searched)
    }

    /// A first search for each of them, of whom none finds anybody.
    pub(crate) fn list(&self, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            let searched = self.search(first_search(ticket), at(0));
            assert!(matches!(searched, Searched::Listed(_)), "{searched:?}");
        }
    }

    /// There 1 is listed, Here 2 claims it at the beginning.
    pub(crate) fn pair(&self) -> Arc<Proposal> {
        self.list([there(1)]);
        claimed(self.search(first_search(here(2)), at(0)))
    }

    pub(crate) fn withdraw(&self, ticket: u64, now: Time) -> Withdrawn {
        let operation = Operation::Withdraw { pool: POOL, ticket: TicketId(ticket) };
        expect!(answer(&*self.0, operation, now), Withdrawn)
    }

    pub(crate) fn renew<const N: usize>(
        &self,
        tickets: [u64; N],
        lease_until: Time,
        now: Time,
    ) -> [Standing; N] {
        let asked = tickets.map(TicketId);
        let operation = Operation::Renew { pool: POOL, tickets: asked.to_vec(), lease_until };
        let renewed = expect!(answer(&*self.0, operation, now), Renewed);
        let (tickets, standings): (Vec<_>, Vec<_>) = renewed.into_iter().unzip();
        assert_eq!(tickets, asked, "in the order asked");
        standings.try_into().expect("as many as asked")
    }

    /// How one ticket stands, its lease made endless.
    pub(crate) fn standing(&self, ticket: u64, now: Time) -> Standing {
        let [standing] = self.renew([ticket], Time::NEVER, now);
        standing
    }

    pub(crate) fn answer(&self, proposal: ProposalId, user: UserId, verdict: Verdict, now: Time) -> Answered {
        let operation = Operation::Answer { pool: POOL, proposal, user, verdict };
        expect!(answer(&*self.0, operation, now), Answered)
    }

    pub(crate) fn accept(&self, proposal: ProposalId, number: u64, now: Time) -> Answered {
        self.answer(proposal, user(number), Verdict::Accept, now)
    }

    pub(crate) fn expire(&self, proposal: ProposalId, now: Time) -> Expired {
        expect!(answer(&*self.0, Operation::Expire { pool: POOL, proposal }, now), Expired)
    }

    /// What user `number` has is that of session number `slot` from now on.
    pub(crate) fn reclaim_in(&self, pool: PoolId, number: u64, slot: u32, now: Time) -> Reclaimed {
        let operation = Operation::Reclaim { pool, user: user(number), owner: address(slot) };
        expect!(answer(&*self.0, operation, now), Reclaimed)
    }

    pub(crate) fn reclaim(&self, number: u64, slot: u32, now: Time) -> Reclaimed {
        self.reclaim_in(POOL, number, slot, now)
    }

    pub(crate) fn open(&self, room: RoomId, members: [u64; 2]) {
        self.open_with(room, members, None, [0; 2]);
    }

    /// A room opens whose last message has that number.
    pub(crate) fn open_after(&self, room: RoomId, members: [u64; 2], heard: u64) {
        self.open_with(room, members, Some(heard), [0; 2]);
    }

    /// The same, where the members are known to have written so many.
    pub(crate) fn open_with(&self, room: RoomId, members: [u64; 2], heard: Option<u64>, written: [u64; 2]) {
        self.done(
            Operation::OpenRoom { pool: POOL, room, members: members.map(user), heard, written },
            at(0),
        );
    }

    pub(crate) fn rejoin(&self, room: RoomId, number: u64) -> Option<u64> {
        expect!(answer(&*self.0, Operation::Rejoin { room, user: user(number) }, at(6)), Rejoined)
    }

    pub(crate) fn append(&self, room: RoomId, from: u64, name: Option<&str>, text: &str) -> Appended {
        let (content, client_message_id) = (text.into(), name.map(Into::into));
        let operation = Operation::Append { room, from: user(from), content, client_message_id };
        expect!(answer(&*self.0, operation, at(5)), Appended)
    }

    pub(crate) fn messages(&self, room: RoomId, after: u64) -> Vec<ChatMessage> {
        expect!(answer(&*self.0, Operation::Messages { room, after }, at(6)), Messages)
    }

    /// Whom user `number` is not to meet, as the start of a session tells.
    pub(crate) fn attach(&self, number: u64, pool: PoolId, now: Time) -> Vec<(UserId, Time)> {
        let operation = Operation::Attach { user: user(number), pool, address: address(1), since: now };
        expect!(answer(&*self.0, operation, now), Attached).history
    }

    /// User `number` is not to meet `partner`.
    pub(crate) fn remember(&self, number: u64, pool: PoolId, partner: u64, until: Time, now: Time) {
        let (user, partner) = (user(number), user(partner));
        self.done(Operation::Remember { user, pool, partner, until }, now);
    }
}
