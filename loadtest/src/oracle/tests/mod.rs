//! An honest server is found honest; of a wrong one each fault is named.

mod double;
mod play;

use double::Fault;
use play::play;

use super::Kind;

/// What the oracle sees of a server with that fault.
fn kinds(fault: Fault) -> Vec<Kind> {
    let oracle = play(fault, &play::scenario());
    Kind::ALL.into_iter().filter(|kind| oracle.count(*kind) > 0).collect()
}

#[test]
fn an_honest_server_is_clean() {
    let oracle = play(Fault::None, &play::scenario());
    assert_eq!(oracle.violations(), []);
    assert!(oracle.matched() > 100, "{}", oracle.matched());
}

#[test]
fn an_honest_server_is_clean_when_everybody_drops_and_comes_back() {
    let storm = crate::scenario::Scenario { shape: crate::scenario::Shape::Storm, ..play::scenario() };
    let oracle = play(Fault::None, &storm);
    assert_eq!(oracle.violations(), []);
    assert!(oracle.matched() > 50, "{}", oracle.matched());
}

#[test]
fn each_fault_is_named() {
    for (fault, kind) in [
        (Fault::MatchesTwice, Kind::Double),
        (Fault::MatchesWithItself, Kind::Itself),
        (Fault::TellsOneSide, Kind::OneSided),
        (Fault::SwapsRooms, Kind::Rooms),
        (Fault::BothBegin, Kind::Initiator),
        (Fault::AsksNobody, Kind::Unasked),
        (Fault::NamesStrangers, Kind::Stranger),
        (Fault::IgnoresWishes, Kind::Wish),
        (Fault::ClaimsALaterStage, Kind::Wish),
        (Fault::MatchesAgain, Kind::Rematch),
        (Fault::ForgetsWaiters, Kind::LeftWaiting),
        (Fault::RelaysElsewhere, Kind::Stray),
        (Fault::Doubles, Kind::Doubled),
        (Fault::Reorders, Kind::Order),
        (Fault::Drops, Kind::Lost),
        (Fault::KeepsLeavingSecret, Kind::Alone),
        (Fault::AnswersTwice, Kind::DoubleAnswer),
        (Fault::AnswersNot, Kind::NoAnswer),
    ] {
        let seen = kinds(fault);
        assert!(seen.contains(&kind), "{fault:?}: {seen:?}");
    }
}

#[test]
fn a_small_fault_is_called_nothing_else() {
    for (fault, kind) in [
        (Fault::BothBegin, Kind::Initiator),
        (Fault::IgnoresWishes, Kind::Wish),
        (Fault::MatchesAgain, Kind::Rematch),
        (Fault::Doubles, Kind::Doubled),
        (Fault::Drops, Kind::Lost),
        (Fault::AnswersTwice, Kind::DoubleAnswer),
    ] {
        assert_eq!(kinds(fault), [kind], "{fault:?}");
    }
}

#[test]
fn a_violation_names_the_clients_and_the_time() {
    let oracle = play(Fault::Doubles, &play::scenario());
    let first = oracle.violations().first().expect("there is one");
    let [client, from] = first.clients;
    assert_ne!(client, from);
    assert!(first.at.as_us() > 0);
    assert!(first.said.starts_with(&format!("{client} heard ")), "{}", first.said);
    assert!(first.said.ends_with(" a second time"), "{}", first.said);
}
