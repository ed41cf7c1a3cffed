//! What others are told, in the order in which it happened. The scenes see to it that nothing else is different for it.

use super::super::super::happening::What;
use super::*;

const QUALITY: Quality = Quality { rtt_ms: 40.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };

/// What was told, all of it of Ana.
#[track_caller]
fn told(core: &mut Scripted) -> Vec<What> {
    let told = core.told();
    assert!(
        told.iter().all(|happening| (&happening.user, happening.pool) == (&user("ana"), POOL)),
        "{told:?}"
    );
    told.into_iter().map(|happening| happening.what).collect()
}

fn until_found(proposal: &Proposal, waited_ms: u64) -> Vec<What> {
    let (stage, waited) = (Stage::Exact, Duration::from_millis(waited_ms));
    let proposed = What::Proposed { proposal: proposal.id, peer: user("ben"), stage, waited };
    vec![What::Connected { back: false }, What::Searching, proposed]
}

#[test]
fn a_talk_from_its_beginning_to_its_end() {
    let (mut core, proposal) = ana_talks();
    let (room, peer) = (proposal.room, user("ben"));
    let mut expected = until_found(&proposal, 100);
    let waited = Duration::from_millis(500);
    expected.push(What::RoomOpened { room, peer: peer.clone(), proposal: proposal.id, waited });
    assert_eq!(told(&mut core), expected);

    core.at(4_000);
    core.asks(ANA, 3, Command::LeaveRoom(room.into()));
    let lasted = Duration::from_secs(3);
    let departure = Departure::Left;
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted }),
        ack(ANA, 3, Ok(Reply::Left { room, user: user("ana") })),
    ]);
    assert_eq!(told(&mut core), [What::RoomClosed { room, peer, departure, own: true, lasted, messages: 0 }]);
}

#[test]
fn the_peers_leaving_is_the_peers() {
    let (mut core, proposal) = ana_talks();
    told(&mut core);
    core.at(4_000);
    let (room, departure, peer) = (proposal.room, Departure::Disconnected, user("ben"));
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: peer.clone(), departure })]);
    let lasted = Duration::from_secs(3);
    assert_eq!(
        told(&mut core),
        [What::RoomClosed { room, peer, departure, own: false, lasted, messages: 0 }]
    );
}

#[test]
fn a_wish_that_is_given_up() {
    let (mut core, ticket) = ana_waits();
    core.at(700);
    core.asks(ANA, 2, Command::LeaveQueue);
    let [asked] = core.asked([withdraw(&ticket)]);
    core.stored(asked, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([record(Event::TicketEnded(TicketEnd::Cancelled)), done(ANA, 2)]);
    assert_eq!(told(&mut core), [What::Connected { back: false }, What::Searching, What::SearchCancelled]);
}

#[test]
fn refusals_reports_and_calls_that_came_to_nothing() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    told(&mut core);
    core.asks(ANA, 1, Command::Quality { room: None, quality: QUALITY });
    core.expect([record(Event::QualityReported(QUALITY)), done(ANA, 1)]);
    core.says(ANA, Command::CallFailed);
    core.expect([record(Event::CallFailed)]);
    core.asks(ANA, 2, Command::Accept(pair(1, &bens_ticket(), &bens_ticket(), at(0)).id));
    let refusal = Refusal::NoSuchProposal;
    core.expect([refused(refusal), ack(ANA, 2, Err(refusal))]);
    core.disconnected(ANA);
    core.expect([]);
    let expected = [
        What::Quality(QUALITY),
        What::CallFailed,
        What::Refused { code: "match_gone" },
        What::Disconnected { left: false },
    ];
    assert_eq!(told(&mut core), expected);
}

#[test]
fn a_flood_is_told_as_seldom_as_its_client_is() {
    let limits = Limits { signaling_events_per_minute: 1, ..Limits::default() };
    let mut core = Scripted::with(Policy::new(POOL.0), limits);
    core.connect(ANA, "ana", 0);
    told(&mut core);
    let refusal = Refusal::RateLimited { scope: Scope::Signaling, retry_after_ms: 60_000 };
    core.says(ANA, Command::Heartbeat);
    core.expect([]);
    core.says(ANA, Command::Heartbeat);
    let (scope, retry_after_ms) = (Scope::Signaling, 60_000);
    core.expect([refused(refusal), notify(ANA, Notice::RateLimited { scope, retry_after_ms })]);
    for _ in 0..50 {
        core.says(ANA, Command::Heartbeat);
        core.expect([refused(refusal)]);
    }
    assert_eq!(told(&mut core), [What::Refused { code: "rate_limited" }]);
}
