//! `qala serve`: from arguments to a valid configuration, and then a node that runs with it.

use std::fs;
use std::time::{Duration, Instant};

use qala::config::{Config, ConfigFile, Sources};
use qala::server::Server;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{HealthArguments, ServeArguments};
use crate::banner;
use crate::exit::{self, Complaint, Exit};
use crate::health::{self, Place};
use crate::log::{self, Log};

/// How often it is looked at how many log lines were lost.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

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

/// Asks the node that is named, or the one that `serve` would run with the same variables.
pub(crate) fn health(asked: HealthArguments) -> Exit {
    let place = match asked {
        HealthArguments::At(url) => Place::parse(&url).map_err(|complaint| vec![complaint]),
        HealthArguments::Here(sources) => configuration(sources).map(|config| Place::of(&config)),
    };
    match place {
        Ok(place) => health::health(&place),
        Err(complaints) => exit::fail(&complaints),
    }
}

/// Runs a node until it is asked to stop.
#[expect(clippy::disallowed_methods, reason = "how long starting takes is nobody's clock")]
fn run(config: &Config) -> Exit {
    let started = Instant::now();
    let mut log = match log::start(config) {
        Ok(log) => log,
        Err(complaint) => return exit::failure(&complaint.error, complaint.hint.as_deref()),
    };
    // Each client is an open file. What is missing then is said by whoever cannot open one more.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime =
        Builder::new_multi_thread().worker_threads(config.running.threads.get()).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(serve_until_asked(config, started, &mut log)),
        Err(error) => exit::failure(&format!("cannot start threads: {}", exit::reason(&error)), None),
    }
}

async fn serve_until_asked(config: &Config, started: Instant, log: &mut Log) -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return exit::failure("cannot listen to signals", None);
    };
    let mut server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) => return exit::failure(&error.to_string(), Some(&error.hint())),
    };
    exit::print(&banner::banner(config, &server, started.elapsed()));
    let mut look = tokio::time::interval(LOOKS_EVERY);
    let asked = server.asked_to_drain();
    tokio::pin!(asked);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = &mut asked => break,
            () = server.failed() => return exit::failure("the server ended by itself; its log says why", None),
            _ = look.tick() => server.count_lost_lines(log.lost()),
        }
    }
    let within = server.stops_within();
    exit::print(&format!("stopping within {} s; once more stops at once\n", within.as_secs()));
    tokio::select! {
        () = server.stop() => Exit::Success,
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Interrupted,
    }
}

fn configuration(mut sources: Sources) -> Result<Config, Vec<Complaint>> {
    if let Some(asked) = sources.file_path() {
        let text = fs::read_to_string(&asked.value).map_err(|error| {
            vec![Complaint {
                error: format!("cannot read {}: {}", asked.value, exit::reason(&error)),
                hint: Some(format!("correct {}, or leave it out", asked.origin)),
            }]
        })?;
        sources.file = Some(ConfigFile { path: asked.value, text });
    }
    Config::resolve(&sources).map_err(|problems| problems.iter().map(Complaint::from).collect())
}
