//! Every screen at three sizes, with nobody, an ordinary service, a huge one, and one whose users are hostile.
//! `INSTA_UPDATE=always cargo test -p qala-tui` draws the pictures anew.

use qala::store::snapshot::Detail;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Theme, draw};
use crate::plain::line_of;
use crate::sample::{self, Service};
use crate::state::{Intent, State, Tab, Timeline};
use crate::text::{Letters, is_plain};

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];
const THEME: Theme = Theme { colours: true, letters: Letters::Unicode };
/// How long a service was watched.
const SECONDS: u64 = 30;

fn lines(state: &State, theme: Theme, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("cells need no terminal");
    terminal.draw(|frame| drop(draw(state, theme, frame))).expect("nothing is written");
    let buffer = terminal.backend().buffer();
    (0..height).map(|line| line_of(buffer, line)).collect()
}

/// The state at all sizes, as one text.
fn pictures(state: &State) -> String {
    let picture =
        |size: (u16, u16)| format!("{} x {}\n{}\n", size.0, size.1, lines(state, THEME, size).join("\n"));
    SIZES.map(picture).join("\n")
}

fn assert_pictures(name: &str, of: impl Fn(Service) -> State) {
    for service in Service::ALL {
        let state = of(service);
        assert_harmless(&state);
        insta::assert_snapshot!(format!("{name}-{}", service.name()), pictures(&state));
    }
}

/// Whatever users wrote, cells hold one plain character each.
fn assert_harmless(state: &State) {
    for letters in [Letters::Unicode, Letters::Ascii] {
        for size in SIZES {
            for line in lines(state, Theme { colours: true, letters }, size) {
                let strange: Vec<char> = line
                    .chars()
                    .filter(|letter| !is_plain(*letter) || (letters == Letters::Ascii && !letter.is_ascii()))
                    .collect();
                assert_eq!(strange, Vec::<char>::new(), "{line:?}");
                assert!(crate::text::width(&line) <= usize::from(size.0), "{line:?}");
            }
        }
    }
}

fn on(service: Service, tab: Tab) -> State {
    let mut state = sample::watched(service, SECONDS);
    state.perform(Intent::Show(tab));
    state
}

/// Opens what is chosen, and brings the picture that has it.
fn opened(mut state: State, service: Service) -> State {
    state.perform(Intent::Enter);
    let detail = state.survey().detail;
    state.apply(sample::snapshot(service, SECONDS, detail.as_ref()), SECONDS * 1_000);
    state
}

#[test]
fn overview() {
    assert_pictures("overview", |service| on(service, Tab::Overview));
}

#[test]
fn queues() {
    assert_pictures("queues", |service| on(service, Tab::Queues));
}

#[test]
fn rooms() {
    assert_pictures("rooms", |service| on(service, Tab::Rooms));
}

#[test]
fn nodes() {
    assert_pictures("nodes", |service| on(service, Tab::Nodes));
}

#[test]
fn events() {
    assert_pictures("events", |service| on(service, Tab::Events));
}

#[test]
fn a_queue() {
    assert_pictures("queue", |service| opened(on(service, Tab::Queues), service));
}

#[test]
fn a_room() {
    assert_pictures("room", |service| opened(on(service, Tab::Rooms), service));
}

#[test]
fn a_node() {
    assert_pictures("node", |service| opened(on(service, Tab::Nodes), service));
}

#[test]
fn a_waiting_user() {
    assert_pictures("user", |service| opened(opened(on(service, Tab::Queues), service), service));
}

#[test]
fn other_pictures() {
    let mut help = on(Service::Normal, Tab::Overview);
    help.perform(Intent::Help);
    let mut stale = on(Service::Normal, Tab::Queues);
    stale.fall_silent("connection refused".to_owned(), 33_000);
    let mut held = on(Service::Normal, Tab::Nodes);
    held.perform(Intent::Pause);
    let mut asked = on(Service::Normal, Tab::Rooms);
    asked.perform(Intent::Act);
    let mut filtered = on(Service::Normal, Tab::Events);
    filtered.perform(Intent::Filter);
    filtered.perform(Intent::Paste("match".to_owned()));
    let mut nothing = sample::new();
    nothing.fall_silent("connection refused".to_owned(), 2_000);
    let mut replayed = sample::new();
    replayed.replay(Timeline::new(sample::NOON_MS, sample::NOON_MS + 3_600_000));
    for second in 1_500..1_530 {
        replayed.apply(sample::snapshot(Service::Normal, second, None), second);
    }
    for (name, state) in [
        ("help", help),
        ("stale", stale),
        ("held", held),
        ("asked", asked),
        ("filtered", filtered),
        ("nothing-yet", nothing),
        ("replayed", replayed),
    ] {
        assert_harmless(&state);
        insta::assert_snapshot!(name, pictures(&state));
    }
}

#[test]
fn hostile_names_of_all_kinds_are_harmless_everywhere() {
    let mut asked = opened(opened(on(Service::Hostile, Tab::Queues), Service::Hostile), Service::Hostile);
    asked.perform(Intent::Act);
    let mut noted = on(Service::Hostile, Tab::Overview);
    noted.say("\u{1b}]0;owned\u{7}");
    let mut silent = on(Service::Hostile, Tab::Overview);
    silent.fall_silent("\u{202e}\r\n".to_owned(), 40_000);
    for state in [asked, noted, silent] {
        assert_harmless(&state);
    }
}

#[test]
fn no_size_is_too_small_to_draw() {
    for service in [Service::Normal, Service::Huge] {
        for tab in Tab::ALL {
            let state = on(service, tab);
            let detail = opened(state.clone(), service);
            for width in (1..130).step_by(3) {
                for height in [1, 2, 3, 4, 5, 7, 9, 12, 17, 25] {
                    drop(lines(&state, THEME, (width, height)));
                    drop(lines(&detail, THEME, (width, height)));
                }
            }
        }
    }
}

#[test]
fn without_colours_nothing_is_coloured() {
    let state = on(Service::Normal, Tab::Overview);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("cells need no terminal");
    let theme = Theme { colours: false, letters: Letters::Unicode };
    terminal.draw(|frame| drop(draw(&state, theme, frame))).expect("nothing is written");
    let reset = ratatui::style::Color::Reset;
    let cells = terminal.backend().buffer().content();
    assert!(cells.iter().all(|cell| (cell.fg, cell.bg) == (reset, reset)));
}

#[test]
fn colours_fit_light_and_dark_terminals() {
    let state = on(Service::Normal, Tab::Nodes);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("cells need no terminal");
    terminal.draw(|frame| drop(draw(&state, THEME, frame))).expect("nothing is written");
    let reset = ratatui::style::Color::Reset;
    assert!(terminal.backend().buffer().content().iter().all(|cell| cell.bg == reset));
}

#[test]
fn what_is_not_recorded_says_so() {
    let mut state = on(Service::Normal, Tab::Queues);
    state.replay(Timeline::new(sample::NOON_MS, sample::NOON_MS + 60_000));
    state.perform(Intent::Enter);
    assert!(matches!(state.survey().detail, Some(Detail::Queue { .. })));
    let shown = lines(&state, THEME, (120, 40)).join("\n");
    assert!(shown.contains("recorded only while this was open"), "{shown}");
}

/// How long a picture of a huge service takes, and what the viewer keeps in memory. Printed, and judged by who reads
/// it: `cargo test -p qala-tui a_huge_service -- --nocapture`.
#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn a_huge_service_costs() {
    let mut state = sample::watched(Service::Huge, 300);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("cells need no terminal");
    for tab in Tab::ALL {
        state.perform(Intent::Show(tab));
        let mut frames: Vec<u128> = (0..200)
            .map(|_| {
                let began = std::time::Instant::now();
                terminal.draw(|frame| drop(draw(&state, THEME, frame))).expect("nothing is written");
                began.elapsed().as_micros()
            })
            .collect();
        frames.sort_unstable();
        print(&format!("{:9} frame p50 {} us, p99 {} us", tab.name(), frames[100], frames[197]));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    print(resident);
    assert_eq!(state.shown().snapshot.queues.len(), 200);
}

fn print(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
