//! Tables of input and exact outcome.

mod documents;
mod families;
mod messages;
mod rules;
mod table;
mod values;

use super::{Config, ConfigFile, Sources};

/// Sources in the order of their strength.
#[derive(Default, Clone, Copy)]
struct Input<'a> {
    flags: &'a [(&'static str, &'a str)],
    environment: &'a [(&'a str, &'a str)],
    file: Option<&'a str>,
}

impl Input<'_> {
    fn sources(self) -> Sources {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Sources {
            flags: self.flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            environment: self.environment.iter().map(own).collect(),
            file: self.file.map(|text| ConfigFile { path: "qala.toml".to_owned(), text: text.to_owned() }),
            ..Sources::default()
        }
    }

    fn config(self) -> Config {
        Config::resolve(&self.sources()).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// Errors and hints, one line each, as the command shows them.
    fn complaints(self) -> Vec<String> {
        let problems = Config::resolve(&self.sources()).err().unwrap_or_default();
        let lines = |problem: &super::Problem| {
            let hint = problem.hint().map(|hint| format!("hint: {hint}"));
            std::iter::once(format!("error: {problem}")).chain(hint).collect::<Vec<_>>()
        };
        problems.iter().flat_map(lines).collect()
    }
}

fn flags<'a>(flags: &'a [(&'static str, &'a str)]) -> Input<'a> {
    Input { flags, ..Input::default() }
}

fn environment<'a>(environment: &'a [(&'a str, &'a str)]) -> Input<'a> {
    Input { environment, ..Input::default() }
}

fn file(text: &str) -> Input<'_> {
    Input { file: Some(text), ..Input::default() }
}
