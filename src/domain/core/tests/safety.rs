//! Blocks, reports, and who says no too often.

use super::super::super::happening::What;
use super::super::super::limits::BLOCKED;
use super::super::super::rejections::RejectionRule;
use super::super::super::safety::{ReportReason, SafetyCommand};
use super::*;

fn block(name: &str) -> Command {
    Command::Safety(SafetyCommand::Block(user(name)))
}

fn report(room: RoomId) -> Command {
    Command::Safety(SafetyCommand::Report { room, reason: ReportReason::Spam })
}

/// Ana's history gets somebody without an end.
fn never_again(name: &str) -> Effect {
    let (user, partner) = (user("ana"), user(name));
    ask(Operation::Remember { user, pool: POOL, partner, until: Time::NEVER })
}

/// Ana blocks Ben as her command `number`; what follows her acknowledgement is left to be expected.
#[track_caller]
fn blocks_ben<const N: usize>(core: &mut Scripted, number: u64, then: [Effect; N]) -> Vec<OperationId> {
    core.asks(ANA, number, block("ben"));
    let [asked] = core.asked([never_again("ben")]);
    core.stored(asked, Outcome::Done);
    let effects = [record(Event::Blocked), done(ANA, number)].into_iter().chain(then);
    core.asks_all(effects.collect())
}

fn avoiding(ticket: &Arc<Ticket>, names: &[&str]) -> Arc<Ticket> {
    let avoid = names.iter().map(|name| user(name)).collect();
    Arc::new(Ticket { avoid, ..(**ticket).clone() })
}

#[test]
fn who_is_blocked_is_avoided_for_good() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    blocks_ben(&mut core, 1, []);
    core.asks(ANA, 2, block("ben"));
    core.expect([done(ANA, 2)]);
    core.asks(ANA, 3, block("ana"));
    core.expect([done(ANA, 3)]);
    core.at(48 * 3_600_000);
    core.asks(ANA, 4, wish().join());
    let ticket = avoiding(&core.ticket("ana", 0, &wish()), &["ben"]);
    core.expect([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_talk_with_who_is_blocked_is_over() {
    let (mut core, proposal) = ana_talks();
    core.at(2_000);
    let (room, departure) = (proposal.room, Departure::Left);
    let left = [
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(1) }),
    ];
    blocks_ben(&mut core, 3, left);
    // That they met, which is for a day, does not shorten what is for good.
    core.wakes_in_vain(20_600);
    core.at(25 * 3_600_000);
    core.asks(ANA, 4, wish().join());
    let ticket = avoiding(&core.ticket("ana", 0, &wish()), &["ben"]);
    core.expect([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_proposal_with_who_is_blocked_is_rejected() {
    let (mut core, proposal) = ana_found();
    blocks_ben(&mut core, 2, [answer(&proposal, "ana", Verdict::Reject)]);
}

#[test]
fn a_ticket_that_waits_is_listed_anew() {
    let (mut core, ticket) = ana_waits();
    let look = core.look(&avoiding(&ticket, &["ben"]), Stage::Exact);
    blocks_ben(&mut core, 2, [look]);
}

#[test]
fn a_talk_with_somebody_else_goes_on() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, block("cem"));
    let [asked] = core.asked([never_again("cem")]);
    core.stored(asked, Outcome::Done);
    core.expect([record(Event::Blocked), done(ANA, 3)]);
    core.asks(ANA, 4, report(proposal.room));
    core.expect([record(Event::Reported(ReportReason::Spam)), done(ANA, 4)]);
}

#[test]
fn a_block_that_the_store_did_not_confirm_is_none() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, block("ben"));
    let [asked] = core.asked([never_again("ben")]);
    core.stored(asked, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        refused(UNAVAILABLE_REFUSAL),
        ack(ANA, 1, Err(UNAVAILABLE_REFUSAL)),
    ]);
    core.asks(ANA, 2, block("ben"));
    core.expect([never_again("ben")]);
}

#[test]
fn there_is_a_number_of_people_one_may_block_and_none_of_them_makes_way() {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    let blocked = (0..BLOCKED).map(|number| (user(&format!("blocked {number:03}")), Time::NEVER));
    let met = (0..AVOIDED - BLOCKED).map(|number| (user(&format!("met {number:03}")), at(1_000_000)));
    let history = met.chain(blocked).collect();
    core.stored(attaching, Outcome::Attached(Attached { history, former: None, rank: at(0) }));
    core.expect([]);
    core.asks(ANA, 1, block("ben"));
    let refusal = Refusal::TooManyBlocks;
    core.expect([refused(refusal), ack(ANA, 1, Err(refusal))]);
    // One that is blocked already is not one more.
    core.asks(ANA, 2, block("blocked 000"));
    core.expect([done(ANA, 2)]);
    core.asks(ANA, 3, wish().join());
    let mut ticket = core.ticket("ana", 0, &wish());
    let names = |word: &'static str, from: usize, to: usize| {
        (from..to).map(move |number| user(&format!("{word} {number:03}")))
    };
    let avoid = names("blocked", 0, BLOCKED).chain(names("met", 0, AVOIDED - BLOCKED));
    Arc::make_mut(&mut ticket).avoid = avoid.collect();
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(0));
    core.stored(search, taken(&proposal));
    core.expect([joined(ANA, 3, AT_ONCE), notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    let avoid = [user("ben")].into_iter().chain(names("blocked", 0, BLOCKED));
    let avoid = avoid.chain(names("met", 1, AVOIDED - BLOCKED)).collect();
    let again = Arc::new(Ticket { avoid, priority: Priority::Wronged, ..(*ticket).clone() });
    let told = notify(ANA, failed(&proposal, Failure::Rejected, true));
    core.expect([remember(at(0)), told, core.look(&again, Stage::Exact)]);
}

#[test]
fn a_report_names_whom_one_is_with_or_was_last_and_nobody_else() {
    let (mut core, proposal) = ana_talks();
    core.told();
    let elsewhere = pair(9, &bens_ticket(), &bens_ticket(), at(0)).room;
    let reported = record(Event::Reported(ReportReason::Spam));
    core.asks(ANA, 3, report(proposal.room));
    core.expect([reported.clone(), done(ANA, 3)]);
    core.asks(ANA, 4, report(elsewhere));
    core.expect([refused(Refusal::NotInRoom), ack(ANA, 4, Err(Refusal::NotInRoom))]);
    let (room, departure) = (proposal.room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    core.asks(ANA, 5, report(room));
    core.expect([reported, done(ANA, 5)]);
    let told = core.told().into_iter().map(|happening| happening.what);
    let reports = told.filter(|what| matches!(what, What::Reported { .. })).collect::<Vec<_>>();
    let report = What::Reported { room, peer: user("ben"), reason: ReportReason::Spam };
    assert_eq!(reports, [report.clone(), report]);
}

/// What follows Ana's rejection, up to her acknowledgement.
fn rejects(proposal: &Arc<Proposal>, number: u64, now: Time) -> [Effect; 4] {
    [
        record(Event::ProposalFailed(Failure::Rejected)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected }),
        remember(now),
        done(ANA, number),
    ]
}

#[test]
fn who_says_no_too_often_waits_before_the_next_search_and_is_told_how_long() {
    let (within, wait) = (Duration::from_mins(10), Duration::from_secs(30));
    let rejections = RejectionRule { free: 1, within, wait };
    let mut core = Scripted::with(Policy { rejections, ..Policy::new(POOL.0) }, Limits::default());
    let proposal = ana_finds(&mut core);
    core.at(1_000);
    core.asks(ANA, 2, Command::Reject(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Reject)]);
    core.stored(asked, Outcome::Answered(Answered::Ended(proposal.clone())));
    let ticket = avoiding(&proposal.sides[0].ticket, &["ben"]);
    let ticket = Arc::new(Ticket { priority: Priority::Requeued, ..(*ticket).clone() });
    let [failed, sent, remembered, done] = rejects(&proposal, 2, at(1_000));
    let look = core.look(&ticket, Stage::Exact);
    let [_, search] = core.asked([failed, sent, remembered, done, look]);
    // Ben once more: the store had not heard yet.
    let second = pair(2, &ticket, &bens_ticket(), at(1_000));
    core.stored(search, claimed(&second));
    core.expect([
        proposed_at(&second, 1_000),
        notify(ANA, Notice::MatchFound(found(&second, 0))),
        send(Envelope::Proposed(second.clone())),
    ]);
    core.at(2_000);
    core.asks(ANA, 3, Command::Reject(second.id));
    let [asked] = core.asked([answer(&second, "ana", Verdict::Reject)]);
    core.stored(asked, Outcome::Answered(Answered::Ended(second.clone())));
    let [failed, sent, remembered, done] = rejects(&second, 3, at(2_000));
    let (scope, retry_after_ms) = (Scope::Matching, 30_000);
    let told = notify(ANA, Notice::RateLimited { scope, retry_after_ms });
    core.expect([failed, sent, remembered, done, record(Event::SlowedDown), told]);
    core.at(3_000);
    core.asks(ANA, 4, wish().join());
    let cooling = Refusal::CoolingDown { retry_after_ms: 29_000 };
    core.expect([refused(cooling), ack(ANA, 4, Err(cooling))]);
    core.wakes_in_vain(20_600);
    core.wakes(32_000);
    core.expect([core.look(&ticket, Stage::WiderAge)]);
}
