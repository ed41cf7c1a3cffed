//! Every letter is read back as it was, and no text at all makes reading it panic.

use proptest::prelude::*;

use super::*;
use crate::domain::criteria::{AgeRange, Criteria, Stage, Strict};
use crate::domain::envelope::{Ended, GoingOn, Handover};
use crate::domain::hall::{HallNews, HandedHall, HeldSignal, Leaving, Member, Roster};
use crate::domain::id::{
    Address, Entropy, EntryId, HallName, MemberName, NodeId, ProposalId, RoomId, TicketId,
};
use crate::domain::notice::Partner;
use crate::domain::person::{Attributes, Gender, Proficiency};
use crate::domain::talk::Talk;
use crate::domain::ticket::Priority;

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

fn one_ticket(pool: PoolId) -> impl Strategy<Value = Arc<Ticket>> {
    side(pool).prop_map(|side| side.ticket)
}

fn talk() -> impl Strategy<Value = Talk> {
    let side = side(POOLS[0]);
    (proposal_id(), room(), address(), side, any::<bool>(), time()).prop_map(
        |(proposal, room, peer, side, initiator, since)| {
            let Ticket { user, attributes, .. } = &*side.ticket;
            let Attributes { speaks, learns, proficiency, .. } = *attributes;
            let partner = Partner { user: user.clone(), speaks, learns, proficiency };
            Talk { proposal, room, peer, partner, initiator, since }
        },
    )
}

fn departure() -> impl Strategy<Value = Departure> {
    prop::sample::select(DEPARTURES.to_vec())
}

fn signal() -> impl Strategy<Value = (SignalKind, Payload)> {
    (prop::sample::select(KINDS.to_vec()), any::<String>())
        .prop_map(|(kind, text)| (kind, Payload(text.into())))
}

fn going_on() -> impl Strategy<Value = GoingOn> {
    let pool = prop::sample::select(POOLS.to_vec());
    prop_oneof![
        Just(GoingOn::Idle),
        pool.prop_flat_map(one_ticket).prop_map(GoingOn::Waiting),
        (whole_proposal(), prop::option::of(departure()))
            .prop_map(|(proposal, peer_gone)| GoingOn::Proposed { proposal, peer_gone }),
        (talk(), any::<[u64; 2]>(), any::<bool>(), prop::collection::vec(signal(), 0..4)).prop_map(
            |(talk, [last_sequence, heard_sequence], told, held)| GoingOn::Talking {
                talk: Box::new(talk),
                last_sequence,
                heard_sequence,
                told,
                held
            }
        ),
    ]
}

fn handover() -> impl Strategy<Value = Box<Handover>> {
    let met = prop::collection::vec((user(), any::<u64>().prop_map(Time::from_ms)), 0..4);
    let halls = prop::collection::vec(handed_hall(), 0..3);
    let ended =
        (room(), user(), departure()).prop_map(|(room, user, departure)| Ended { room, user, departure });
    let ended = prop::option::of(ended);
    let (settled, seeks) = (prop::collection::vec(proposal_id(), 0..4), any::<bool>());
    (user(), going_on(), settled, met, halls, ended, seeks).prop_map(
        |(user, going_on, settled, met, halls, ended, seeks)| {
            Box::new(Handover { user, going_on, settled, met, halls, ended, seeks })
        },
    )
}

fn member_name() -> impl Strategy<Value = MemberName> {
    any::<String>().prop_map(MemberName::new)
}

fn hall_name() -> impl Strategy<Value = HallName> {
    any::<String>().prop_map(HallName::new)
}

fn entry() -> impl Strategy<Value = EntryId> {
    any::<u64>().prop_map(EntryId)
}

fn member() -> impl Strategy<Value = Member> {
    (entry(), member_name(), address()).prop_map(|(entry, name, address)| Member { entry, name, address })
}

fn roster() -> impl Strategy<Value = Roster> {
    (time(), any::<u64>(), prop::collection::vec(member(), 0..4))
        .prop_map(|(created_at, version, members)| Roster { created_at, version, members })
}

fn handed_hall() -> impl Strategy<Value = HandedHall> {
    let held = prop::collection::vec((member_name(), signal()), 0..3);
    (hall_name(), entry(), roster(), held).prop_map(|(hall, own, roster, held)| {
        let held = held.into_iter().map(|(from, (kind, payload))| HeldSignal { from, kind, payload });
        HandedHall { hall, own, roster, held: held.collect() }
    })
}

fn hall_news() -> impl Strategy<Value = HallNews> {
    let leaving = prop::sample::select(vec![Leaving::Left, Leaving::Disconnected, Leaving::Replaced]);
    prop_oneof![
        roster().prop_map(|roster| HallNews::Roster(Arc::new(roster))),
        (entry(), leaving).prop_map(|(entry, leaving)| HallNews::Gone { entry, leaving }),
        entry().prop_map(|entry| HallNews::Away { entry }),
        entry().prop_map(|entry| HallNews::Back { entry }),
        (member(), entry(), signal()).prop_map(|(from, to, (kind, payload))| HallNews::Signal {
            from: Box::new(from),
            to,
            kind,
            payload
        }),
    ]
}

fn figure() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL
}

fn message() -> impl Strategy<Value = ChatMessage> {
    (any::<[u64; 2]>(), user(), any::<String>(), prop::option::of(any::<String>()), time()).prop_map(
        |([sequence, own_sequence], from, content, name, at)| ChatMessage {
            sequence,
            own_sequence,
            from,
            content: content.into(),
            client_message_id: name.map(Into::into),
            at,
        },
    )
}

fn envelope() -> impl Strategy<Value = Envelope> {
    prop_oneof![
        4 => plain(),
        1 => (any::<u8>(), plain())
            .prop_map(|(times, envelope)| Envelope::Forwarded { times, envelope: Box::new(envelope) }),
    ]
}

fn plain() -> impl Strategy<Value = Envelope> {
    let failure = prop::sample::select(FAILURES.to_vec());
    let quality =
        (figure(), prop::option::of(figure()), prop::option::of(figure()), prop::option::of(figure()));
    prop_oneof![
        whole_proposal().prop_map(Envelope::Proposed),
        whole_proposal().prop_map(Envelope::Accepted),
        whole_proposal().prop_map(Envelope::Agreed),
        (proposal_id(), failure).prop_map(|(proposal, failure)| Envelope::Failed { proposal, failure }),
        (room(), signal()).prop_map(|(room, (kind, payload))| Envelope::Signal { room, kind, payload }),
        (user(), address(), time()).prop_map(|(user, by, rank)| Envelope::TakeOver { user, by, rank }),
        prop::option::of(handover()).prop_map(Envelope::HandedOver),
        (room(), quality).prop_map(|(room, (rtt_ms, jitter_ms, packets_lost, bitrate_kbps))| {
            Envelope::Quality { room, quality: Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } }
        }),
        (room(), any::<bool>()).prop_map(|(room, on)| Envelope::Typing { room, on }),
        (room(), message()).prop_map(|(room, message)| Envelope::Chat { room, message }),
        (hall_name(), hall_news()).prop_map(|(hall, news)| Envelope::Hall { hall, news }),
        (room(), address()).prop_map(|(room, from)| Envelope::Away { room, from }),
        (room(), address()).prop_map(|(room, from)| Envelope::Back { room, from }),
        (room(), address()).prop_map(|(room, from)| Envelope::Here { room, from }),
        (room(), departure(), address()).prop_map(|(room, departure, from)| Envelope::Left {
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
        prop_assert_eq!(parse_letter(&write_letter(&sent), &POOLS), Some(sent));
    }

    #[test]
    fn any_text_is_a_letter_or_none(text in any::<String>()) {
        parse_letter(&text, &POOLS);
    }

    #[test]
    fn a_letter_that_was_damaged_is_a_letter_or_none(
        to in session(), envelope in envelope(), cut in any::<prop::sample::Index>(), put in "[ -~é\\n]{0,3}",
    ) {
        let text = write_letter(&Letter { to, envelope });
        let at = cut.index(text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        for damaged in [text[..at].to_owned(), format!("{}{put}{}", &text[..at], &text[at..])] {
            let Some(read) = parse_letter(&damaged, &POOLS) else { continue };
            // Whatever it says now, it is a letter that could have been sent.
            let spelled = write_letter(&read);
            prop_assert_eq!(parse_letter(&spelled, &POOLS).as_ref().map(write_letter), Some(spelled));
        }
    }
}

#[test]
fn a_letter_about_a_pool_that_is_not_served_means_nothing() {
    let words =
        "0 0 0 proposed 00000000-0000-4000-8000-000000000000 00000000-0000-4000-8000-000000000000 two 5";
    assert_eq!(parse_letter(words, &POOLS), None);
}

#[test]
fn what_is_handed_over_is_spelled_in_words() {
    let id = "00000000-0000-4000-8000-00000000000a";
    let handed_over = |said: &str| parse_letter(&format!("1 2 3 handed_over {said}"), &POOLS);
    let going_on = |said: &str| {
        let Envelope::HandedOver(Some(handover)) = handed_over(said)?.envelope else { return None };
        Some((handover.going_on, handover.settled.len()))
    };
    assert_eq!(handed_over("-").map(|letter| letter.envelope), Some(Envelope::HandedOver(None)));
    assert_eq!(going_on("0 0 0 ana - 0 idle"), Some((GoingOn::Idle, 0)));
    let ended = handed_over(&format!("0 0 0 ana left {id} ben 0 idle")).map(|letter| letter.envelope);
    let Some(Envelope::HandedOver(Some(handover))) = ended else { panic!("it is one") };
    let room = id.parse().expect("an id");
    assert_eq!(handover.ended, Some(Ended { room, user: UserId::new("ben"), departure: Departure::Left }));
    assert_eq!(going_on(&format!("2 {id} {id} 1 ben 7 0 ana - 0 idle")), Some((GoingOn::Idle, 2)));
    let talk = format!("{id} {id} n 0 0 0 ben en es y 1 5");
    let Some((GoingOn::Talking { held, .. }, 0)) =
        going_on(&format!("0 0 0 ana - 1 talking 1 2 0 {talk} offer a%20b answer "))
    else {
        panic!("it is a talk")
    };
    assert_eq!(held.iter().map(|(_, payload)| &*payload.0).collect::<Vec<_>>(), ["a b", ""]);
    let nothing = [
        "",
        "- ",
        "idle",
        "0",
        "0 0 0 ana",
        "0 0 0 ana -",
        "0 0 0 ana - 0",
        "0 0 0 ana - 2 idle",
        "0 0 0 ana idle",
        "0 0 0 ana - 0 idle ",
        "1 0 0 ana - 0 idle",
        "0 1 0 ana - 0 idle",
        "0 0 1 ana - 0 idle",
        "0 0 18446744073709551615 ana - 0 idle",
        "18446744073709551615 0 0 ana - 0 idle",
        &format!("0 0 0 ana left {id} 0 idle"),
        &format!("0 0 0 ana gone {id} ben 0 idle"),
        "0 0 0 ana - 0 waiting one",
        "0 0 0 ana - 0 proposed left",
        &format!("0 0 0 ana - 1 talking 1 2 {talk}"),
        &format!("0 0 0 ana - 1 talking 1 2 2 {talk}"),
        &format!("0 0 0 ana - 1 talking 1 2 1 {talk} "),
        &format!("0 0 0 ana - 1 talking 1 2 1 {talk} offer"),
        &format!("0 0 0 ana - 1 talking 1 2 1 {talk} shout x"),
    ];
    for said in nothing {
        assert_eq!(handed_over(said), None, "{said:?}");
    }
}
