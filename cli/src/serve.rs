//! `qala serve`: from arguments to a valid configuration, and then a node that runs with it.

use std::fs;

use qala::config::{Config, ConfigFile, Sources};

use crate::arguments::ServeArguments;
use crate::exit::{self, Complaint, Exit};

/// Checks the configuration, then runs a node, or only says what would run.
pub(crate) fn serve(arguments: ServeArguments) -> Exit {
    let config = match configuration(arguments.sources) {
        Ok(config) => config,
        Err(complaints) => return exit::fail(&complaints),
    };
    if arguments.check {
        for variable in &config.without_effect {
            exit::note(&format!("no effect in this version: {variable}"));
        }
        exit::print(&format!("ok: would {}\n", config.summary()));
        return Exit::Success;
    }
    run(&config)
}

/// Runs a node until it is asked to stop.
fn run(config: &Config) -> Exit {
    let address = config.listen.address();
    let error = format!("cannot listen on {address}: this build has no server yet");
    exit::complain(&Complaint { error, hint: None });
    Exit::Failure
}

fn configuration(mut sources: Sources) -> Result<Config, Vec<Complaint>> {
    if let Some(asked) = sources.file_path() {
        let text = fs::read_to_string(&asked.value).map_err(|error| {
            vec![Complaint {
                error: format!("cannot read {}: {}", asked.value, reason(&error)),
                hint: Some(format!("correct {}, or leave it out", asked.origin)),
            }]
        })?;
        sources.file = Some(ConfigFile { path: asked.value, text });
    }
    Config::resolve(&sources).map_err(|problems| problems.iter().map(Complaint::from).collect())
}

/// The reason without the number that the standard library puts behind it.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
