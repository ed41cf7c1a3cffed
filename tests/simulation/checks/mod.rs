//! What must hold after every step: one function for each rule, which compares what is seen with what was
//! seen before.

use std::fmt;

use super::ledger::Ledger;
use super::observation::Moment;
use super::scene::Scene;

mod answers;
mod cluster;
mod ending;
mod hall;
mod pairing;
mod talk;
mod wishes;

/// `Err` says what is wrong.
pub(crate) type Verdict = Result<(), String>;

/// One rule.
type Check = fn(&Ledger, &Moment) -> Verdict;

/// Every rule with its name. The numbers are those of design section 9.
const CHECKS: [(&str, Check); 36] = [
    // 1
    ("found only while waiting", pairing::found_only_while_waiting),
    ("a match is told as it was made", pairing::a_match_is_told_as_it_was_made),
    ("nobody meets oneself", pairing::nobody_meets_oneself),
    ("ready only after both accepted", pairing::ready_only_after_both_accepted),
    ("news are of what the client is in", pairing::news_are_of_what_the_client_is_in),
    // 2
    ("wishes hold at the claim", wishes::wishes_hold_at_the_claim),
    ("strict wishes never relax", wishes::strict_wishes_never_relax),
    ("found for the wish that holds", wishes::found_for_the_wish_that_holds),
    ("nobody meets again too soon", wishes::nobody_meets_again_too_soon),
    // 3
    ("a ticket ends once", ending::a_ticket_ends_once),
    // 4
    ("only members hear a room", talk::only_members_hear_a_room),
    ("a signal is heard as it was sent", talk::a_signal_is_heard_as_it_was_sent),
    ("signals are heard in order, each once", talk::signals_are_heard_in_order_each_once),
    ("acknowledged signals are complete", talk::acknowledged_signals_are_complete),
    ("chat is heard as it was written", talk::chat_is_heard_as_it_was_written),
    ("chat is heard in order, each once", talk::chat_is_heard_in_order_each_once),
    ("acknowledged chat is complete", talk::acknowledged_chat_is_complete),
    // 4, in halls
    ("members of a hall agree", hall::members_agree),
    ("comings and goings fit", hall::comings_and_goings_fit),
    ("a signal reaches whom it is for", hall::a_signal_reaches_whom_it_is_for),
    ("signals in a hall are heard in order", hall::signals_are_heard_in_order),
    ("acknowledged signals in a hall arrive", hall::acknowledged_signals_arrive),
    // 5
    ("welcome comes first", answers::welcome_comes_first),
    ("a closed connection is told nothing", answers::a_closed_connection_is_told_nothing),
    ("each command is answered once", answers::each_command_is_answered_once),
    ("an answer fits its command", answers::an_answer_fits_its_command),
    ("queues stay bounded", answers::queues_stay_bounded),
    // 6
    ("nobody is left alone", ending::nobody_is_left_alone),
    ("who waits is listed", ending::who_waits_is_listed),
    ("nobody waits beside a match", ending::nobody_waits_beside_a_match),
    ("nothing is left over", ending::nothing_is_left_over),
    // 1 and 6, across nodes
    ("nobody is in two matches", cluster::nobody_is_in_two_matches),
    ("nobody is alone for long", cluster::nobody_is_alone_for_long),
    ("who is back is told", cluster::who_is_back_is_told),
    ("one session for each client", cluster::one_session_for_each_client),
    ("no session is known of who is gone", cluster::no_session_is_known_of_who_is_gone),
];

/// A rule that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    /// Which.
    pub(crate) check: &'static str,
    /// How.
    pub(crate) what: String,
    /// At what.
    pub(crate) moment: Moment,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not hold at step {}: {}", self.check, self.moment.step, self.what)
    }
}

/// Looks at `moment` with every check, then takes note of it.
pub(crate) fn examine(ledger: &mut Ledger, moment: &Moment) -> Result<(), Box<Broken>> {
    for (check, verdict) in CHECKS {
        if let Err(what) = verdict(ledger, moment) {
            return Err(Box::new(Broken { check, what, moment: moment.clone() }));
        }
    }
    ledger.note(moment);
    Ok(())
}

/// Looks at a whole run again, with one check.
pub(crate) fn examine_again(scene: &Scene, moments: &[Moment], check: &str) -> Verdict {
    let (_, verdict) = CHECKS.into_iter().find(|(name, _)| *name == check).expect("a check of that name");
    let mut ledger = Ledger::new(scene.clone());
    for moment in moments {
        verdict(&ledger, moment)?;
        ledger.note(moment);
    }
    Ok(())
}

/// The names of all checks.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.into_iter().map(|(name, _)| name)
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise()) }
}
