//! Every letter is read back as it was, and no text at all makes reading it panic.

use proptest::prelude::*;

use super::*;
use crate::domain::criteria::{AgeRange, Criteria, Stage, Strict};
use crate::domain::id::{Address, Entropy, NodeId, ProposalId, RoomId, TicketId};
use crate::domain::person::{Attributes, Gender, Proficiency};
use crate::domain::ticket::{Priority, Ticket};

const POOLS: [PoolId; 2] = [PoolId("one"), PoolId("an other")];

struct Number(u64);

impl Entropy for Number {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

fn room() -> impl Strategy<Value = RoomId> {
    any::<u64>().prop_map(|number| RoomId::random(&mut Number(number)))
}

fn proposal_id() -> impl Strategy<Value = ProposalId> {
    any::<u64>().prop_map(|number| ProposalId::random(&mut Number(number)))
}

fn session() -> impl Strategy<Value = SessionId> {
    any::<(u8, u32, u32)>().prop_map(|(shard, slot, generation)| SessionId { shard, slot, generation })
}

fn address() -> impl Strategy<Value = Address> {
    ("[ -~é]{0,8}", session()).prop_map(|(node, session)| Address { node: NodeId::new(node), session })
}

fn user() -> impl Strategy<Value = UserId> {
    "[ -~\\n%é日]{1,12}".prop_map(UserId::new)
}

fn time() -> impl Strategy<Value = Time> {
    any::<u64>().prop_map(Time::from_ms)
}

fn gender() -> impl Strategy<Value = Option<Gender>> {
    prop::option::of(prop::sample::select(Gender::ALL.to_vec()))
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let language = || "[a-z]{2,3}".prop_filter_map("a language", |text| text.parse().ok());
    let level = prop::sample::select(Proficiency::ALL.to_vec());
    (language(), language(), level, any::<u8>(), gender()).prop_map(
        |(speaks, learns, proficiency, age, gender)| Attributes { speaks, learns, proficiency, age, gender },
    )
}

fn criteria() -> impl Strategy<Value = Criteria> {
    (any::<bool>(), any::<(u8, u8)>(), gender(), any::<[bool; 3]>()).prop_map(
        |(same_proficiency, (min, max), gender, [age, strict_gender, proficiency])| Criteria {
            same_proficiency,
            age: AgeRange { min, max },
            gender,
            strict: Strict { age, gender: strict_gender, proficiency },
        },
    )
}

fn side(pool: PoolId) -> impl Strategy<Value = Side> {
    let priority = prop::sample::select(vec![Priority::Usual, Priority::Requeued, Priority::Wronged]);
    let owner = address();
    let rest = (
        any::<u64>(),
        time(),
        prop::collection::vec(user(), 0..4),
        prop::sample::select(Stage::ALL.to_vec()),
        any::<bool>(),
    );
    (user(), owner, attributes(), criteria(), priority, rest).prop_map(
        move |(user, owner, attributes, criteria, priority, (id, enqueued_at, avoid, stage, accepted))| {
            let (id, avoid) = (TicketId(id), avoid.into());
            let ticket = Ticket { id, user, owner, pool, attributes, criteria, enqueued_at, priority, avoid };
            Side { ticket: Arc::new(ticket), stage, accepted }
        },
    )
}

fn whole_proposal() -> impl Strategy<Value = Arc<Proposal>> {
    prop::sample::select(POOLS.to_vec()).prop_flat_map(|pool| {
        (proposal_id(), room(), side(pool), side(pool), time()).prop_map(
            move |(id, room, one, other, expires_at)| {
                Arc::new(Proposal { id, room, pool, sides: [one, other], expires_at })
            },
        )
    })
}

fn figure() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL
}

fn message() -> impl Strategy<Value = ChatMessage> {
    (any::<u64>(), user(), any::<String>(), prop::option::of(any::<String>()), time()).prop_map(
        |(sequence, from, content, name, at)| ChatMessage {
            sequence,
            from,
            content: content.into(),
            client_message_id: name.map(Into::into),
            at,
        },
    )
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let failure = prop::sample::select(vec![Failure::Rejected, Failure::Expired, Failure::PartnerLeft]);
    let departure = prop::sample::select(vec![Departure::Left, Departure::Disconnected, Departure::Shutdown]);
    let quality =
        (figure(), prop::option::of(figure()), prop::option::of(figure()), prop::option::of(figure()));
    prop_oneof![
        whole_proposal().prop_map(Envelope::Proposed),
        whole_proposal().prop_map(Envelope::Accepted),
        whole_proposal().prop_map(Envelope::Agreed),
        (proposal_id(), failure).prop_map(|(proposal, failure)| Envelope::Failed { proposal, failure }),
        (room(), prop::sample::select(KINDS.to_vec()), any::<String>())
            .prop_map(|(room, kind, text)| Envelope::Signal { room, kind, payload: Payload(text.into()) }),
        (room(), quality).prop_map(|(room, (rtt_ms, jitter_ms, packets_lost, bitrate_kbps))| {
            Envelope::Quality { room, quality: Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } }
        }),
        (room(), message()).prop_map(|(room, message)| Envelope::Chat { room, message }),
        (room(), address()).prop_map(|(room, from)| Envelope::Away { room, from }),
        (room(), address()).prop_map(|(room, from)| Envelope::Back { room, from }),
        (room(), address()).prop_map(|(room, from)| Envelope::Here { room, from }),
        (room(), departure, address()).prop_map(|(room, departure, from)| Envelope::Left {
            room,
            departure,
            from
        }),
    ]
}

proptest! {
    #[test]
    fn a_letter_is_read_back_as_it_was(to in session(), envelope in envelope()) {
        let sent = Letter { to, envelope };
        prop_assert_eq!(parse_letter(&letter(&sent), &POOLS), Some(sent));
    }

    #[test]
    fn any_text_is_a_letter_or_none(text in any::<String>()) {
        parse_letter(&text, &POOLS);
    }

    #[test]
    fn a_letter_that_was_damaged_is_a_letter_or_none(
        to in session(), envelope in envelope(), cut in any::<prop::sample::Index>(), put in "[ -~é\\n]{0,3}",
    ) {
        let text = letter(&Letter { to, envelope });
        let at = cut.index(text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        parse_letter(&text[..at], &POOLS);
        parse_letter(&format!("{}{put}{}", &text[..at], &text[at..]), &POOLS);
    }
}

#[test]
fn a_letter_about_a_pool_that_is_not_served_means_nothing() {
    let words =
        "0 0 0 proposed 00000000-0000-4000-8000-000000000000 00000000-0000-4000-8000-000000000000 two 5";
    assert_eq!(parse_letter(words, &POOLS), None);
}
