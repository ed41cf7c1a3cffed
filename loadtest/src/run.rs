//! A whole run: a server if none is given, the fleet, and in the end a report and a verdict.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::child::Server;
use crate::credentials::Credentials;
use crate::event::Event;
use crate::figures::{Figures, Metric, Row};
use crate::fleet::{Fleet, Harbour, OwnFleet};
use crate::machine::{Machine, listening_process};
use crate::oracle::Oracle;
use crate::report::{Baseline, Parts, Report, Setting, View};
use crate::settings::{METRICS, Player, Problem, Settings, Target, Url};
use crate::time::Moment;
use crate::verdict::{Ending, Evidence};

mod judging;
mod scraping;
mod watching;

use judging::judge;
use scraping::Scraper;
use watching::{Source, Watch};

/// Open files that are not clients.
const OTHER_FILES: u64 = 64;
/// A server that does not take a connection within this time is not there.
const REACHED_WITHIN: Duration = Duration::from_secs(3);

/// Where a run shows how it goes.
pub trait Screen {
    /// Something is worth showing; called about once a second.
    fn show(&mut self, view: &View<'_>);
}

/// What is known of the outside.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The program that can `serve`.
    pub program: &'a Path,
    /// The tester's version.
    pub version: &'a str,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// Set when the run is to end.
    pub interrupted: &'a AtomicBool,
}

/// Why a run did not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong, and what to do.
    pub problem: Problem,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    fn new(code: u8, error: String, hint: &str) -> Self {
        Self { problem: Problem { error, hint: Some(hint.to_owned()) }, code }
    }
}

/// Runs what was asked for.
pub fn run(
    settings: &Settings,
    surroundings: Surroundings<'_>,
    screen: &mut dyn Screen,
) -> Result<Report, Failure> {
    enough_files(settings)?;
    let baseline = baseline(settings)?;
    let mut own = own_server(settings, surroundings.program)?;
    let harbour = harbour(settings, own.as_ref())?;
    let source = source(settings, own.as_ref(), &harbour)?;
    let target = format!("http://{}", harbour.host);
    let run_name = format!("{:x}-{:x}", surroundings.now_ms, std::process::id());
    let seconds = surroundings.now_ms / 1_000;
    let credentials = Credentials::new(&run_name, settings.jwt_secret.as_deref(), seconds);
    let fleet = fleet(settings, harbour, credentials)
        .map_err(|error| Failure::new(1, format!("cannot open sockets: {error}"), "try fewer --clients"))?;
    let mut play = Play::new(settings, fleet, source);
    let outcome = play.until_over(&target, own.as_mut(), surroundings.interrupted, screen);
    play.end(outcome);
    if let Some(server) = own.take() {
        server.stop();
    }
    let own_server = match &settings.target {
        Target::Own { redis: None } => Some("embedded store".to_owned()),
        Target::Own { redis: Some(_) } => Some("redis".to_owned()),
        Target::Url(_) => None,
    };
    let setting = Setting {
        version: surroundings.version.to_owned(),
        command: settings.command.clone(),
        target,
        own_server,
        client: settings.client,
        started_at_ms: surroundings.now_ms,
        seconds: play.ended.as_seconds(),
        machine: Machine::this(),
    };
    Ok(play.report(settings, setting, baseline.as_ref(), outcome))
}

/// Where the server's memory and CPU can be seen: as asked for, as a process of this machine, or at the page that
/// servers usually have.
fn source(settings: &Settings, own: Option<&Server>, harbour: &Harbour) -> Result<Option<Source>, Failure> {
    if let Some(page) = &settings.metrics_url {
        let (scraper, first) = Scraper::start(page.clone()).map_err(|error| {
            let error = format!("cannot read {}: {error}", page.text());
            Failure::new(Ending::Unreachable.code(), error, "correct --metrics-url, or leave it out")
        })?;
        return Ok(Some(Source::Page(scraper, first)));
    }
    let is_here = harbour.address.ip().is_loopback();
    let process = own.map(Server::process).or(settings.server_pid);
    if let Some(process) = process.or_else(|| listening_process(harbour.address.port()).filter(|_| is_here)) {
        return Ok(Some(Source::Process(process)));
    }
    let Target::Url(url) = &settings.target else { return Ok(None) };
    let page = Scraper::start(Url { path: METRICS.to_owned(), ..url.clone() });
    // A server that shows none is out of sight.
    Ok(page.ok().map(|(scraper, first)| Source::Page(scraper, first)))
}

/// Those who play.
fn fleet(settings: &Settings, harbour: Harbour, credentials: Credentials) -> io::Result<Box<dyn Fleet>> {
    let scenario = &settings.scenario;
    match settings.client {
        Player::Own => Ok(Box::new(OwnFleet::new(scenario, harbour, credentials)?)),
        #[cfg(feature = "rust-socketio")]
        Player::RustSocketio => Ok(Box::new(crate::fleet::SecondFleet::new(scenario, harbour, credentials)?)),
        #[cfg(not(feature = "rust-socketio"))]
        Player::RustSocketio => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Raises the limit as far as it goes, and says what is missing before anything has begun.
fn enough_files(settings: &Settings) -> Result<(), Failure> {
    let needed = u64::from(settings.scenario.clients) + OTHER_FILES;
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX);
    if needed <= allowed {
        return Ok(());
    }
    let clients = settings.scenario.clients;
    Err(Failure::new(
        2,
        format!("{clients} clients need {needed} open files, and this process may have {allowed}"),
        &format!(
            "raise the hard limit (ulimit -Hn), or play with --clients {}",
            allowed - OTHER_FILES.min(allowed)
        ),
    ))
}

fn baseline(settings: &Settings) -> Result<Option<(Baseline, f64)>, Failure> {
    let Some((path, percent)) = &settings.baseline else { return Ok(None) };
    let shown = path.display();
    let wrong = |why: String| {
        let error = format!("cannot read the baseline {shown}: {why}");
        Failure::new(2, error, "name the result.json of an earlier run")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(Some((Baseline::parse(&text).map_err(wrong)?, *percent)))
}

fn own_server(settings: &Settings, program: &Path) -> Result<Option<Server>, Failure> {
    let Target::Own { redis } = &settings.target else { return Ok(None) };
    let secret = settings.jwt_secret.as_deref();
    let server = Server::start(program, &settings.scenario, redis.as_deref(), secret).map_err(|error| {
        let code = Ending::Unreachable.code();
        Failure::new(
            code,
            format!("cannot start a server: {error}"),
            "its own words stand above; or give --url",
        )
    })?;
    Ok(Some(server))
}

fn harbour(settings: &Settings, own: Option<&Server>) -> Result<Harbour, Failure> {
    let (address, host, path) = match (&settings.target, own) {
        (Target::Url(url), _) => {
            let host = format!("{}:{}", url.host, url.port);
            (resolved(&host)?, host, url.path.clone())
        }
        (Target::Own { .. }, own) => {
            let address = own.map_or_else(|| ([127, 0, 0, 1], 0).into(), Server::address);
            (address, address.to_string(), "/socket.io/".to_owned())
        }
    };
    TcpStream::connect_timeout(&address, REACHED_WITHIN).map_err(|error| unreachable(&host, &error))?;
    Ok(Harbour { address, host, path })
}

fn resolved(host: &str) -> Result<SocketAddr, Failure> {
    let mut addresses = host.to_socket_addrs().map_err(|error| unreachable(host, &error))?;
    addresses.next().ok_or_else(|| unreachable(host, &io::ErrorKind::NotFound.into()))
}

fn unreachable(host: &str, error: &io::Error) -> Failure {
    let text = error.to_string().to_lowercase();
    let why = text.split(" (os error").next().unwrap_or_default();
    let error = format!("cannot reach {host} ({why})");
    Failure::new(Ending::Unreachable.code(), error, "start it, or correct --url")
}

/// How playing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was played.
    Over,
    /// Somebody asked it to end.
    Interrupted,
    /// The tester's own server ended by itself.
    ServerEnded,
    /// The system gave up on the poll.
    Failed,
}

/// A fleet that plays, and those who look on.
struct Play {
    fleet: Box<dyn Fleet>,
    figures: Figures,
    oracle: Oracle,
    watch: Watch,
    ended: Moment,
}

impl Play {
    fn new(settings: &Settings, fleet: Box<dyn Fleet>, server: Option<Source>) -> Self {
        let scenario = &settings.scenario;
        Self {
            fleet,
            figures: Figures::new(scenario),
            oracle: Oracle::new(scenario),
            watch: Watch::new(server),
            ended: Moment::default(),
        }
    }

    fn until_over(
        &mut self,
        target: &str,
        mut own: Option<&mut Server>,
        interrupted: &AtomicBool,
        screen: &mut dyn Screen,
    ) -> Outcome {
        let row = Duration::from_secs_f64(self.figures.series().row_seconds);
        let mut row_ends = Moment::default() + row;
        loop {
            let (figures, oracle) = (&mut self.figures, &mut self.oracle);
            let mut take = |event: &Event| {
                figures.take(event);
                oracle.take(event);
            };
            if self.fleet.turn(&mut take).is_err() {
                return Outcome::Failed;
            }
            if interrupted.load(Ordering::Relaxed) {
                return Outcome::Interrupted;
            }
            if self.fleet.is_over() {
                return Outcome::Over;
            }
            let now = self.fleet.now();
            if now >= row_ends {
                self.close_row(now);
                row_ends = row_ends.max(now) + row;
                self.show(target, screen);
                if own.as_mut().is_some_and(|server| server.has_ended()) {
                    return Outcome::ServerEnded;
                }
            }
        }
    }

    fn close_row(&mut self, now: Moment) {
        let census = self.fleet.census();
        let (seconds, server, tester) = self.watch.look(now);
        self.figures.second(Row {
            at_seconds: now.as_seconds(),
            seconds,
            connected: census.connected,
            waiting: census.waiting,
            talking: census.talking,
            server,
            tester,
            cells: Vec::new(),
        });
    }

    fn show(&self, target: &str, screen: &mut dyn Screen) {
        screen.show(&self.view(target));
    }

    fn view<'a>(&'a self, target: &'a str) -> View<'a> {
        View {
            scenario: self.fleet.scenario(),
            target,
            now: self.fleet.now(),
            census: self.fleet.census(),
            figures: &self.figures,
            oracle: &self.oracle,
        }
    }

    fn end(&mut self, outcome: Outcome) {
        let now = self.fleet.now();
        self.ended = now;
        self.close_row(now);
        let (figures, oracle) = (&mut self.figures, &mut self.oracle);
        self.fleet.finish(&mut |event: &Event| {
            // What did not come when all was cut short could not come.
            if outcome == Outcome::Over {
                figures.take(event);
                oracle.take(event);
            }
        });
        if outcome == Outcome::Over {
            self.oracle.finish(now);
        }
    }

    fn report(
        &self,
        settings: &Settings,
        setting: Setting,
        baseline: Option<&(Baseline, f64)>,
        outcome: Outcome,
    ) -> Report {
        let processes = self.watch.processes(self.ended);
        let evidence = Evidence { figures: &self.figures, oracle: &self.oracle, processes: &processes };
        let assertions: Vec<_> =
            settings.assertions.iter().map(|assertion| assertion.judge(evidence)).collect();
        let compared = baseline.map(|(baseline, percent)| baseline.compare(&self.figures, *percent));
        let compared = compared.unwrap_or_default();
        let lag = self.figures.quantile_us(Metric::Lag, 0.99).unwrap_or(0);
        let verdict = judge(settings, outcome, &assertions, &compared, &self.oracle, &processes, lag);
        Report::new(Parts {
            setting,
            scenario: &settings.scenario,
            figures: &self.figures,
            oracle: &self.oracle,
            processes,
            assertions,
            baseline: compared,
            verdict,
        })
    }
}
