//! From what was seen to how the command ends. Of several reasons the one counts that makes the others doubtful.

use super::Outcome;
use crate::oracle::Oracle;
use crate::report::{Compared, Processes, Verdict};
use crate::settings::Settings;
use crate::time::span;
use crate::verdict::{Ending, Judged};

/// Of its one core: a tester that takes more has nothing left for being on time.
const TESTER_CPU_PERCENT: f64 = 90.0;

/// The verdict.
pub(super) fn judge(
    settings: &Settings,
    outcome: Outcome,
    assertions: &[Judged],
    compared: &[Compared],
    oracle: &Oracle,
    processes: &Processes,
    lag_us: u64,
) -> Verdict {
    let bottleneck = bottleneck(settings, processes, lag_us);
    let missed = missed(assertions, compared);
    let (ending, first) = match outcome {
        Outcome::Interrupted => {
            (Ending::Interrupted, "interrupted: the reports are of what was seen until then".to_owned())
        }
        Outcome::ServerEnded => (Ending::Unreachable, "the server ended by itself".to_owned()),
        Outcome::Failed => {
            (Ending::Unreachable, "the system would not watch the connections any more".to_owned())
        }
        Outcome::Over => match (violated(oracle), &bottleneck, missed) {
            (Some(first), _, _) => (Ending::Violation, first),
            (None, Some(why), _) => (Ending::Bottleneck, format!("the tester was the bottleneck: {why}")),
            (None, None, Some(first)) => (Ending::Missed, first),
            (None, None, None) => (Ending::Held, held(assertions, compared)),
        },
    };
    Verdict { ending, exit_code: ending.code(), first, bottleneck }
}

fn bottleneck(settings: &Settings, processes: &Processes, lag_us: u64) -> Option<String> {
    let limit = settings.max_lag?;
    if u128::from(lag_us) > limit.as_micros() {
        let limit = span(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
        return Some(format!("its schedule lag p99 is {}, more than {limit}", span(lag_us)));
    }
    let cpu = processes.tester.cpu_percent;
    (cpu > TESTER_CPU_PERCENT).then(|| format!("it takes {cpu:.0} % of a core"))
}

fn violated(oracle: &Oracle) -> Option<String> {
    let first = oracle.violations().first()?;
    let kind = first.kind;
    let (times, at) = (oracle.count(kind), first.at.as_seconds());
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    Some(format!("oracle: {} {times} (first at {at:.1} s; see report.html#violations)", kind.name()))
}

fn missed(assertions: &[Judged], compared: &[Compared]) -> Option<String> {
    if let Some(judged) = assertions.iter().find(|judged| !judged.held) {
        let metric = judged.name.split('.').next().unwrap_or_default();
        let from = judged.missed_from_seconds.map_or(String::new(), |from| format!("from {from:.0} s on; "));
        let Judged { name, value, limit, .. } = judged;
        return Some(format!("{name} is {value}, should be {limit} ({from}see report.html#{metric})"));
    }
    let worse = compared.iter().find(|compared| !compared.held)?;
    let (now, before) = (span(worse.now_us), span(worse.before_us));
    let allowed = worse.allowed_percent;
    Some(format!("{} is {now}, was {before} in the baseline (at most +{allowed:.0} %)", worse.name))
}

fn held(assertions: &[Judged], compared: &[Compared]) -> String {
    match assertions.len() + compared.len() {
        0 => "nothing was asserted; the oracle is clean".to_owned(),
        1 => "the condition held; the oracle is clean".to_owned(),
        all => format!("all {all} conditions held; the oracle is clean"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::event::{Event, What};
    use crate::report::ProcessUse;
    use crate::scenario::Scenario;
    use crate::time::Moment;

    fn ends(outcome: Outcome, held: bool, violates: bool, lag_us: u64, cpu_percent: f64) -> (Ending, String) {
        let settings =
            crate::settings::settings(&[], &|_| Err(io::ErrorKind::NotFound.into())).expect("sense");
        let mut oracle = Oracle::new(&Scenario::default());
        if violates {
            oracle.take(&Event { at: Moment::from_us(1_500_000), client: 7, what: What::AcknowledgedTwice });
        }
        let judged = Judged {
            assertion: "match.p99 < 20ms".into(),
            name: "match.p99".into(),
            value: "61 ms".into(),
            limit: "< 20ms".into(),
            held,
            missed_from_seconds: Some(41.0),
        };
        let tester = ProcessUse { cpu_percent, ..ProcessUse::default() };
        let processes = Processes { server: None, tester };
        let verdict = judge(&settings, outcome, &[judged], &[], &oracle, &processes, lag_us);
        assert_eq!(verdict.exit_code, verdict.ending.code());
        (verdict.ending, verdict.first)
    }

    #[test]
    fn each_way_to_end_has_its_code_and_its_first_line() {
        let over = Outcome::Over;
        for (given, ending, first) in [
            ((over, true, false, 400, 20.0), Ending::Held, "the condition held; the oracle is clean"),
            (
                (over, false, false, 400, 20.0),
                Ending::Missed,
                "match.p99 is 61 ms, should be < 20ms (from 41 s on; see report.html#match)",
            ),
            (
                (over, false, false, 60_000, 20.0),
                Ending::Bottleneck,
                "the tester was the bottleneck: its schedule lag p99 is 60 ms, more than 50 ms",
            ),
            (
                (over, false, false, 400, 97.0),
                Ending::Bottleneck,
                "the tester was the bottleneck: it takes 97 % of a core",
            ),
            (
                (over, false, true, 60_000, 97.0),
                Ending::Violation,
                "oracle: acknowledged_twice once (first at 1.5 s; see report.html#violations)",
            ),
            (
                (Outcome::Interrupted, false, true, 60_000, 97.0),
                Ending::Interrupted,
                "interrupted: the reports are of what was seen until then",
            ),
            ((Outcome::ServerEnded, true, false, 0, 0.0), Ending::Unreachable, "the server ended by itself"),
        ] {
            let (outcome, held, violates, lag_us, cpu) = given;
            assert_eq!(ends(outcome, held, violates, lag_us, cpu), (ending, first.to_owned()), "{given:?}");
        }
        let codes =
            [Ending::Held, Ending::Missed, Ending::Unreachable, Ending::Bottleneck, Ending::Violation];
        assert_eq!(codes.map(Ending::code), [0, 1, 3, 4, 5]);
        assert_eq!(Ending::Interrupted.code(), 130);
    }
}
