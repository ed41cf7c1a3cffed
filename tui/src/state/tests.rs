//! Intents and pictures in, what is asked for and shown out.

use qala::store::snapshot::{Detail, EventLine, Order, Page, Queue, Side, Snapshot, Survey};

use super::{Intent, MOST_DETAILS, MOST_EVENTS, Mode, State, Tab, Timeline, Wish, rows};
use crate::sample::{self, NOON_MS, Service};

fn watched() -> State {
    sample::watched(Service::Normal, 30)
}

fn on(tab: Tab) -> State {
    let mut state = watched();
    state.perform(Intent::Show(tab));
    state
}

fn write(state: &mut State, text: &str) {
    text.chars().for_each(|letter| drop(state.perform(Intent::Type(letter))));
}

/// The chosen line's name.
fn chosen(state: &State) -> String {
    let live = state.shown();
    let list = state.list();
    let named = |names: Vec<&str>| {
        names.get(list.place(&names)).map_or_else(String::new, |name| name.replace('\0', " "))
    };
    match state.tab {
        Tab::Overview | Tab::Queues => named(rows::names(&rows::queues(live, list))),
        Tab::Rooms => named(rows::names(&rows::rooms(live, list))),
        Tab::Nodes => named(rows::names(&rows::nodes(live, list))),
        Tab::Events => named(rows::names(&rows::events(live, list))),
    }
}

#[test]
fn rates_come_from_totals() {
    let mut state = sample::new();
    state.apply(sample::snapshot(Service::Normal, 0, None), 0);
    assert_eq!(state.shown().figures.rates().matches, None);
    for second in 1..=8 {
        state.apply(sample::snapshot(Service::Normal, second, None), second * 1_000);
    }
    // Three nodes; each total grows by ten a second, by one more in three seconds of four, and by three less in one.
    let rates = state.shown().figures.rates();
    assert_eq!((rates.matches, rates.relays, rates.errors), (Some(21.0), Some(1_890.0), Some(0.0)));
    let queue = &state.shown().snapshot.queues[0];
    let figures = state.shown().figures.queue(queue).expect("it was read");
    assert_eq!((figures.arrivals_per_second(), figures.matched_per_second()), (Some(3.0), Some(2.0)));
}

#[test]
fn a_picture_that_comes_twice_teaches_nothing() {
    let mut state = watched();
    let before = state.shown().figures.rates();
    state.apply(sample::snapshot(Service::Normal, 29, None), 40_000);
    assert_eq!(state.shown().figures.rates(), before);
    assert_eq!(state.shown().figures.trends.connections.last(100).count(), 30);
}

#[test]
fn a_node_that_went_takes_its_rates_along() {
    let mut state = watched();
    let mut snapshot = sample::snapshot(Service::Normal, 30, None);
    let gone = snapshot.nodes.remove(0).node;
    state.apply(snapshot, 30_000);
    assert!(state.shown().figures.node(&gone).is_none());
    let matches = state.shown().figures.rates().matches.expect("two nodes are known");
    assert!((matches - 22.0).abs() < 1e-9, "{matches}");
}

#[test]
fn waits_are_those_of_the_last_minutes() {
    let queue = |fast: u64, slow: u64| {
        let mut side = Side::default();
        // At most 10 ms, and 20 to 30 s.
        side.waits[0].counts = vec![fast, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, slow];
        Queue {
            pool: "qala".to_owned(),
            one: "en".to_owned(),
            other: "es".to_owned(),
            forward: side,
            ..Queue::default()
        }
    };
    let mut state = sample::new();
    let mut at = |second: u64, fast: u64, slow: u64| {
        let queues = vec![queue(fast, slow)];
        let taken_at_ms = NOON_MS + second * 1_000;
        state.apply(Snapshot { taken_at_ms, queues, ..Snapshot::default() }, second * 1_000);
        state.shown().figures.wait_ms(0.99).map(|ms| ms > 10.0)
    };
    // What was before the first picture does not count.
    assert_eq!(at(0, 1_000, 1_000), None);
    assert_eq!(at(1, 1_000, 1_010), Some(true));
    assert_eq!(at(61, 1_100, 1_010), Some(true));
    // Only fast ones since the window before the last began.
    assert_eq!(at(122, 1_200, 1_010), Some(true));
    assert_eq!(at(183, 1_300, 1_010), Some(false));
}

#[test]
fn nothing_new_is_stale_and_says_since_when() {
    let mut state = watched();
    state.tick(30_600);
    assert_eq!(state.stale(), None);
    // One second between pictures: late after 1.7 s.
    state.tick(30_701);
    assert_eq!(state.stale(), Some((1_701, "")));
    state.fall_silent("connection refused".to_owned(), 31_000);
    state.tick(33_000);
    assert_eq!(state.stale(), Some((4_000, "connection refused")));
    state.fall_silent("timed out".to_owned(), 34_000);
    assert_eq!(state.stale(), Some((5_000, "timed out")));
    assert_eq!(state.shown().snapshot.taken_at_ms, NOON_MS + 29_000);
    state.apply(sample::snapshot(Service::Normal, 35, None), 35_000);
    assert_eq!(state.stale(), None);
}

#[test]
fn silence_is_told_at_once_and_before_the_first_picture_too() {
    let mut state = sample::new();
    assert_eq!(state.stale(), None);
    state.fall_silent("refused".to_owned(), 500);
    state.tick(2_500);
    assert_eq!(state.stale(), Some((2_000, "refused")));
    let mut seen = watched();
    seen.fall_silent("refused".to_owned(), 29_100);
    assert!(seen.stale().is_some());
}

#[test]
fn a_held_picture_stays_while_others_come() {
    let mut state = watched();
    state.perform(Intent::Pause);
    state.apply(sample::snapshot(Service::Huge, 40, None), 40_000);
    assert_eq!(state.shown().snapshot.taken_at_ms, NOON_MS + 29_000);
    assert_eq!(state.shown().snapshot.nodes.len(), 3);
    state.perform(Intent::Pause);
    assert_eq!(state.shown().snapshot.nodes.len(), 12);
}

#[test]
fn what_is_asked_for_follows_what_is_looked_at() {
    let mut state = watched();
    assert_eq!(state.survey(), Survey { rooms: None, events: 50, detail: None });
    state.perform(Intent::Show(Tab::Rooms));
    assert_eq!(state.survey().rooms, Some(Page { offset: 0, limit: 100 }));
    state.perform(Intent::Enter);
    assert_eq!(state.survey().detail, Some(Detail::Room { id: "r-0000".to_owned() }));
    state.perform(Intent::NextTab);
    assert_eq!(state.survey(), Survey { rooms: None, events: 50, detail: None });
    state.perform(Intent::Enter);
    assert_eq!(state.survey().detail, Some(Detail::Node { name: "n-000".to_owned() }));
    state.perform(Intent::Show(Tab::Events));
    assert_eq!(state.survey().events, 500);
}

#[test]
fn who_records_asks_for_everything() {
    let mut state = watched();
    state.terms.records = true;
    assert_eq!(
        state.survey(),
        Survey { rooms: Some(Page { offset: 0, limit: 100 }), events: 500, detail: None }
    );
}

#[test]
fn halls_and_users_are_asked_for_by_name() {
    let mut state = on(Tab::Rooms);
    write_filter(&mut state, "r-0009");
    state.perform(Intent::Enter);
    let hall = Detail::Hall { pool: "signaling".to_owned(), name: "r-0009".to_owned() };
    assert_eq!(state.survey().detail, Some(hall));
    let mut state = on(Tab::Queues);
    state.perform(Intent::Enter);
    let detail = state.survey().detail;
    state.apply(sample::snapshot(Service::Normal, 30, detail.as_ref()), 30_000);
    state.perform(Intent::Move(2));
    state.perform(Intent::Enter);
    let user = Detail::User { pool: "qala".to_owned(), user: "u-0002".to_owned() };
    assert_eq!(state.survey().detail, Some(user));
    state.perform(Intent::Back);
    state.perform(Intent::Back);
    assert_eq!(state.survey().detail, None);
}

fn write_filter(state: &mut State, text: &str) {
    state.perform(Intent::Filter);
    write(state, text);
    state.perform(Intent::Enter);
}

#[test]
fn an_event_leads_to_its_room_or_user() {
    for (filter, expected) in [
        ("connect", Detail::User { pool: "qala".to_owned(), user: "u-0012".to_owned() }),
        ("match_found", Detail::Room { id: "r-0025".to_owned() }),
    ] {
        let mut state = on(Tab::Events);
        write_filter(&mut state, filter);
        state.perform(Intent::Enter);
        assert_eq!(state.survey().detail, Some(expected), "{filter}");
    }
}

#[test]
fn details_do_not_go_down_for_ever() {
    let mut state = on(Tab::Nodes);
    for _ in 0..20 {
        state.perform(Intent::Enter);
    }
    assert!(state.details.len() <= MOST_DETAILS);
}

#[test]
fn a_filter_narrows_and_goes() {
    let mut state = on(Tab::Queues);
    state.perform(Intent::Filter);
    assert_eq!(state.mode(), Mode::Filter);
    write(&mut state, "JA");
    let shown = |state: &State| rows::queues(state.shown(), state.tab_list()).len();
    assert_eq!(shown(&state), 2);
    state.perform(Intent::Erase);
    state.perform(Intent::Enter);
    assert_eq!((state.mode(), state.tab_list().filter.as_str()), (Mode::Browse, "J"));
    state.perform(Intent::Back);
    assert_eq!(shown(&state), 6);
    // Each screen has its own.
    state.perform(Intent::Filter);
    write(&mut state, "es");
    state.perform(Intent::Enter);
    state.perform(Intent::NextTab);
    assert_eq!(state.tab_list().filter, "");
    state.perform(Intent::TabBefore);
    assert_eq!(state.tab_list().filter, "es");
}

#[test]
fn sorting_goes_round_and_turns_round() {
    let mut state = on(Tab::Nodes);
    assert_eq!(chosen(&state), "n-000");
    state.perform(Intent::Sort);
    assert_eq!(state.sorting()[state.tab_list().sort], "connections");
    assert_eq!(chosen(&state), "n-002");
    state.perform(Intent::TurnRound);
    assert_eq!(chosen(&state), "n-000");
    for _ in 1..rows::NODE_SORTING.len() {
        state.perform(Intent::Sort);
    }
    assert_eq!((state.tab_list().sort, state.tab_list().turned), (0, false));
}

#[test]
fn queues_begin_with_whoever_waits_longest() {
    let state = on(Tab::Queues);
    let all = rows::queues(state.shown(), state.tab_list());
    let oldest: Vec<Option<u64>> = all.iter().map(|row| row.what.queue.oldest_at_ms()).collect();
    assert!(oldest.is_sorted(), "{oldest:?}");
}

#[test]
fn pages_of_rooms_follow_each_other() {
    let mut state = sample::watched(Service::Huge, 3);
    state.perform(Intent::Show(Tab::Rooms));
    state.page_lines(20);
    state.perform(Intent::Last);
    assert_eq!(state.survey().rooms, Some(Page { offset: 0, limit: 100 }));
    state.perform(Intent::Move(1));
    assert_eq!(state.survey().rooms, Some(Page { offset: 100, limit: 100 }));
    let mut snapshot = sample::snapshot(Service::Huge, 4, None);
    if let Some(page) = &mut snapshot.rooms {
        page.offset = 100;
    }
    state.apply(snapshot, 4_000);
    state.perform(Intent::Page(-1));
    assert_eq!(state.survey().rooms, Some(Page { offset: 0, limit: 100 }));
}

#[test]
fn events_gather_and_have_a_limit() {
    let event = |number: u64| EventLine { id: format!("{number}-0"), ..EventLine::default() };
    let mut state = sample::new();
    let mut tell = |first: u64, behind: u64| {
        let events = (first..behind).map(event).collect();
        state.apply(Snapshot { events, taken_at_ms: behind, ..Snapshot::default() }, behind);
        (state.shown().events.len(), state.shown().events.back().map(|event| event.id.clone()))
    };
    assert_eq!(tell(0, 10), (10, Some("9-0".to_owned())));
    assert_eq!(tell(5, 15), (15, Some("14-0".to_owned())));
    assert_eq!(tell(5, 15), (15, Some("14-0".to_owned())));
    // More than one picture can tell came between: the rest is all that is known.
    assert_eq!(tell(100, 600), (515, Some("599-0".to_owned())));
    assert_eq!(tell(600, 1_100), (MOST_EVENTS, Some("1099-0".to_owned())));
}

#[test]
fn the_newest_event_is_chosen_until_somebody_chooses() {
    let mut state = on(Tab::Events);
    let newest =
        |state: &State| state.shown().events.back().map(|event| event.id.clone()).unwrap_or_default();
    let place = |state: &State| {
        let all = rows::events(state.shown(), state.tab_list());
        all[state.event_place(&rows::names(&all))].name.clone()
    };
    assert_eq!(place(&state), newest(&state));
    state.perform(Intent::Move(-2));
    let stays = place(&state);
    state.apply(sample::snapshot(Service::Normal, 31, None), 31_000);
    assert_eq!(place(&state), stays);
    state.perform(Intent::Last);
    assert_eq!(place(&state), newest(&state));
}

#[test]
fn orders_are_asked_about_and_named() {
    let mut state = on(Tab::Rooms);
    assert_eq!(state.perform(Intent::Act), None);
    assert_eq!(state.mode(), Mode::Confirm);
    assert_eq!(state.question().as_deref(), Some("close room r-0000 with 2 people"));
    let Some(Wish::Give(ordered)) = state.perform(Intent::Yes) else { panic!("an order") };
    assert_eq!(ordered.by, "ops@host");
    let Order::CloseRoom { pool, room, members } = ordered.order else { panic!("to close a room") };
    assert_eq!((pool.as_str(), room.as_str(), members.len()), ("qala", "r-0000", 2));
    assert_eq!(state.mode(), Mode::Browse);
    // Said yes to nothing.
    assert_eq!(state.perform(Intent::Yes), None);
    state.perform(Intent::Show(Tab::Nodes));
    state.perform(Intent::Act);
    assert_eq!(
        state.question().as_deref(),
        Some("drain node n-000: it takes nobody new, 200 connections move elsewhere")
    );
    state.perform(Intent::Back);
    assert_eq!(
        (state.mode(), state.asked.clone(), state.note()),
        (Mode::Browse, None, Some("nothing was done"))
    );
}

#[test]
fn a_user_is_disconnected_from_where_one_sees_it() {
    let mut state = on(Tab::Queues);
    state.perform(Intent::Enter);
    let detail = state.survey().detail;
    state.apply(sample::snapshot(Service::Normal, 30, detail.as_ref()), 30_000);
    state.perform(Intent::Act);
    assert_eq!(state.question().as_deref(), Some("disconnect user u-0000 on n-001"));
}

#[test]
fn orders_are_refused_where_they_make_no_sense() {
    let mut off = on(Tab::Rooms);
    off.terms.allow_actions = false;
    let mut stale = on(Tab::Rooms);
    stale.fall_silent("refused".to_owned(), 31_000);
    let mut replayed = on(Tab::Rooms);
    replayed.replay(Timeline::new(NOON_MS, NOON_MS + 60_000));
    for (mut state, expected) in [
        (off, "orders are off; start with --allow-actions to give them"),
        (stale, "nobody answers: nothing can be done now"),
        (replayed, "this is a record: nothing can be done in it"),
        (on(Tab::Queues), "nothing can be done here: choose a node, a room or a user"),
    ] {
        assert_eq!(state.perform(Intent::Act), None);
        assert_eq!((state.mode(), state.note()), (Mode::Browse, Some(expected)));
    }
}

#[test]
fn a_note_goes_by_itself() {
    let mut state = watched();
    state.say("done");
    state.tick(34_999);
    assert_eq!(state.note(), Some("done"));
    state.tick(35_000);
    assert_eq!(state.note(), None);
}

#[test]
fn a_record_can_be_scrubbed() {
    let mut state = watched();
    assert_eq!(state.perform(Intent::Seek(10)), None);
    state.replay(Timeline::new(NOON_MS, NOON_MS + 3_600_000));
    state.apply(sample::snapshot(Service::Normal, 60, None), 60_000);
    assert_eq!(state.perform(Intent::Seek(-10)), Some(Wish::Seek(NOON_MS + 50_000)));
    assert_eq!(state.perform(Intent::Seek(300)), Some(Wish::Seek(NOON_MS + 360_000)));
    assert_eq!(state.perform(Intent::SeekShare(1.0)), Some(Wish::Seek(NOON_MS + 3_600_000)));
    state.perform(Intent::Jump);
    write(&mut state, "16:50");
    assert_eq!(state.perform(Intent::Enter), Some(Wish::Seek(NOON_MS - 7_000 + 480_000)));
    state.perform(Intent::Jump);
    write(&mut state, "soon");
    assert_eq!(state.perform(Intent::Enter), None);
    assert_eq!(state.note(), Some("`soon` is no time of day; write it as 03:12 or 03:12:40"));
    state.perform(Intent::Pause);
    assert_eq!(state.timeline.map(|timeline| timeline.plays), Some(false));
}

#[test]
fn a_second_click_opens() {
    let mut state = on(Tab::Nodes);
    state.perform(Intent::Choose(1));
    assert_eq!((chosen(&state).as_str(), state.details.len()), ("n-001", 0));
    state.perform(Intent::Choose(1));
    assert_eq!(state.survey().detail, Some(Detail::Node { name: "n-001".to_owned() }));
}

#[test]
fn the_pace_goes_in_steps() {
    let mut state = watched();
    state.perform(Intent::Faster);
    assert_eq!(state.pace_ms, 500);
    state.perform(Intent::Slower);
    state.perform(Intent::Slower);
    assert_eq!(state.pace_ms, 2_000);
}
