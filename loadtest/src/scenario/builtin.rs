//! The scenarios that come with the command, by name.

use super::{Family, Scenario, Shape, Talk, Troubles};

/// Their names, and what they are for.
pub const NAMES: [(&str, &str); 9] = [
    ("hold", "searches arrive at one rate: the usual run"),
    ("ramp", "the rate grows evenly from nothing"),
    ("steps", "the rate grows in five steps: where does it break?"),
    ("spike", "for five seconds four times as many"),
    ("storm", "everybody drops and comes back within a second"),
    ("slow-readers", "one in ten reads nothing for five seconds"),
    ("half-open", "one in twenty falls silent with the connection open"),
    ("mixed", "all client families at once"),
    ("short", "a few seconds, for every change"),
];

/// The scenario of that name.
pub fn named(name: &str) -> Option<Scenario> {
    let base = Scenario { name: name.to_owned(), ..Scenario::default() };
    Some(match name {
        "hold" => base,
        "ramp" => Scenario { shape: Shape::Ramp, ..base },
        "steps" => Scenario { shape: Shape::Steps { steps: 5 }, rate: 1_000.0, ..base },
        "spike" => Scenario { shape: Shape::Spike { seconds: 5.0, times: 4.0 }, rate: 200.0, ..base },
        "storm" => Scenario { shape: Shape::Storm, rate: 200.0, duration_seconds: 30.0, ..base },
        "slow-readers" => {
            let troubles = Troubles { slow_percent: 10.0, slow_seconds: 5.0, ..Troubles::default() };
            Scenario { troubles, ..base }
        }
        "half-open" => {
            let troubles = Troubles { half_open_percent: 5.0, ..Troubles::default() };
            Scenario { troubles, ..base }
        }
        "mixed" => Scenario { dialects: Family::ALL.to_vec(), rate: 300.0, ..base },
        "short" => Scenario {
            clients: 300,
            rate: 60.0,
            duration_seconds: 5.0,
            ramp_seconds: 0.5,
            talk: Talk { seconds: 1.0, ..Talk::default() },
            ..base
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_read_as_it_is_printed_and_makes_sense() {
        for (name, _) in NAMES {
            let scenario = named(name).expect("it is there");
            assert_eq!(Scenario::parse(&scenario.print()).as_ref(), Ok(&scenario), "{name}");
            assert_eq!(scenario.problems(), Vec::<String>::new(), "{name}");
        }
        assert_eq!(named("nothing"), None);
    }

    #[test]
    fn what_a_file_leaves_out_is_as_usual_and_what_nobody_knows_is_refused() {
        let usual = Scenario::default();
        assert_eq!(Scenario::parse("rate = 7.5"), Ok(Scenario { rate: 7.5, ..usual }));
        assert!(Scenario::parse("rat = 7.5").is_err_and(|said| said.contains("unknown field `rat`")));
        assert!(Scenario::parse("[talk]\nline = 1").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let wrong = Scenario {
            clients: 1,
            rate: 0.0,
            stage_seconds: [0.0, 5.0, 4.0, 6.0, 7.0],
            ..Scenario::default()
        };
        assert_eq!(wrong.problems().len(), 3, "{:?}", wrong.problems());
    }
}
