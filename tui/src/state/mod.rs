//! What is known and what somebody looks at. Pure: pictures, intents and the time come in as arguments; it knows
//! neither the terminal nor where pictures come from.

use std::collections::VecDeque;

use qala::store::snapshot::{Detail, EventLine, Found, Order, Ordered, Page, Snapshot, Survey};

use figures::Figures;
use list::List;
use rows::Sorting;

pub(crate) mod figures;
pub(crate) mod history;
mod intent;
pub(crate) mod list;
mod looking;
pub(crate) mod rows;
#[cfg(test)]
mod tests;
mod timeline;

pub use intent::{Intent, Mode, Tab, Wish};
pub(crate) use looking::doing;
pub use timeline::Timeline;

/// Events that are kept; the store keeps more, and a filter finds what happened a while ago among these.
const MOST_EVENTS: usize = 1_000;
/// Events that the overview asks for.
const FEW_EVENTS: u32 = 50;
/// How deep details go: a node's room's user and back.
const MOST_DETAILS: usize = 8;
/// A picture is late when none came for this long beyond the time between two.
const LATE_MS: u64 = 700;
/// How long a note stays.
const NOTE_MS: u64 = 6_000;
/// Times between two pictures that one can choose.
pub(crate) const PACES_MS: [u64; 7] = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000];

/// What was decided at the start and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whether orders may be given at all.
    pub allow_actions: bool,
    /// Who gives them, as `name@host`.
    pub by: String,
    /// Where pictures come from, for the screen: without a password.
    pub address: String,
    /// Whether everything is asked for that a record should have.
    pub records: bool,
}

/// A picture and what follows from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live {
    pub(crate) snapshot: Snapshot,
    pub(crate) figures: Figures,
    pub(crate) events: VecDeque<EventLine>,
}

/// That nothing comes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) since_ms: u64,
    pub(crate) why: String,
}

/// Something in detail, and where one is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Looking {
    pub(crate) detail: Detail,
    pub(crate) list: List,
}

/// The whole.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) terms: Terms,
    live: Live,
    /// The picture that is shown while it is held.
    held: Option<Box<Live>>,
    /// When the last picture came, by the viewer's clock; none came yet where it is missing.
    came_ms: Option<u64>,
    silence: Option<Silence>,
    now_ms: u64,
    pub(crate) pace_ms: u64,
    pub(crate) tab: Tab,
    pub(crate) details: Vec<Looking>,
    lists: [List; 5],
    rooms_offset: u64,
    pub(crate) mode: Mode,
    /// The time of day that is being written.
    pub(crate) written: String,
    pub(crate) asked: Option<Order>,
    note: Option<(String, u64)>,
    page_lines: usize,
    pub(crate) timeline: Option<Timeline>,
}

impl State {
    /// Before the first picture.
    pub fn new(terms: Terms, pace_ms: u64) -> Self {
        Self {
            terms,
            live: Live::default(),
            held: None,
            came_ms: None,
            silence: None,
            now_ms: 0,
            pace_ms,
            tab: Tab::Overview,
            details: Vec::new(),
            lists: Default::default(),
            rooms_offset: 0,
            mode: Mode::Browse,
            written: String::new(),
            asked: None,
            note: None,
            page_lines: 1,
            timeline: None,
        }
    }

    /// Begins on that screen.
    pub fn begin_at(&mut self, tab: Tab) {
        self.tab = tab;
    }

    /// What keys mean at the moment.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Learns from the next picture, which came at that time of the viewer's clock.
    pub fn apply(&mut self, snapshot: Snapshot, now_ms: u64) {
        self.now_ms = now_ms;
        self.came_ms = Some(now_ms);
        self.silence = None;
        self.live.figures.read(&snapshot);
        merge(&mut self.live.events, &snapshot.events);
        self.live.snapshot = Snapshot { events: Vec::new(), ..snapshot };
        if let Some(timeline) = &mut self.timeline {
            timeline.at_ms = self.live.snapshot.taken_at_ms;
        }
    }

    /// Learns that nobody answers.
    pub fn fall_silent(&mut self, why: String, now_ms: u64) {
        self.now_ms = now_ms;
        let since_ms =
            self.silence.as_ref().map_or(self.came_ms.unwrap_or(now_ms), |silence| silence.since_ms);
        self.silence = Some(Silence { since_ms, why });
    }

    /// Time has passed.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        if self.note.as_ref().is_some_and(|(_, until_ms)| *until_ms <= now_ms) {
            self.note = None;
        }
    }

    /// Forgets all pictures: others follow, of another time.
    pub(crate) fn forget(&mut self) {
        self.live = Live::default();
        self.held = None;
        self.came_ms = None;
    }

    /// Says something for a while.
    pub fn say(&mut self, note: impl Into<String>) {
        self.note = Some((note.into(), self.now_ms + NOTE_MS));
    }

    /// How many lines a list has on the screen, so that a page is one.
    pub fn page_lines(&mut self, lines: usize) {
        self.page_lines = lines.max(1);
    }

    /// A record is played instead of asking somebody.
    pub fn replay(&mut self, timeline: Timeline) {
        self.timeline = Some(timeline);
    }

    /// What to ask for.
    pub fn survey(&self) -> Survey {
        let all = self.terms.records;
        let rooms = (all || self.tab == Tab::Rooms)
            .then_some(Page { offset: self.rooms_offset, limit: Survey::MOST_ROOMS });
        let events = if all || self.tab == Tab::Events { Survey::MOST_EVENTS } else { FEW_EVENTS };
        Survey { rooms, events, detail: self.details.last().map(|looking| looking.detail.clone()) }
    }

    /// The picture to show, and what follows from it.
    pub(crate) fn shown(&self) -> &Live {
        self.held.as_deref().unwrap_or(&self.live)
    }

    /// Whether a picture came at all.
    pub(crate) fn has_picture(&self) -> bool {
        self.came_ms.is_some()
    }

    /// Whether the picture is held.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Since when nothing came, in milliseconds, and why as far as it is known. `None`: the picture is of now.
    pub(crate) fn stale(&self) -> Option<(u64, &str)> {
        if self.timeline.is_some() {
            return None;
        }
        if let Some(silence) = &self.silence {
            return Some((self.now_ms.saturating_sub(silence.since_ms), &silence.why));
        }
        let passed_ms = self.now_ms.saturating_sub(self.came_ms?);
        (passed_ms > self.pace_ms + LATE_MS).then_some((passed_ms, ""))
    }

    /// What is to be said at the moment.
    pub(crate) fn note(&self) -> Option<&str> {
        self.note.as_ref().map(|(note, _)| note.as_str())
    }

    /// What was found of what one looks at in detail. Where the picture is held and has it not, from the newest.
    pub(crate) fn found(&self) -> Option<&Found> {
        let wanted = &self.details.last()?.detail;
        let of = |live: &'_ Live| live.snapshot.found.as_ref().is_some_and(|found| is_of(found, wanted));
        let shown = self.shown();
        if of(shown) {
            shown.snapshot.found.as_ref()
        } else {
            of(&self.live).then_some(self.live.snapshot.found.as_ref()).flatten()
        }
    }

    /// The list of the screen, under any detail.
    pub(crate) fn tab_list(&self) -> &List {
        &self.lists[self.tab.place()]
    }

    /// The list one moves in.
    pub(crate) fn list(&self) -> &List {
        self.details.last().map_or(self.tab_list(), |looking| &looking.list)
    }

    fn list_mut(&mut self) -> &mut List {
        match self.details.last_mut() {
            Some(looking) => &mut looking.list,
            None => &mut self.lists[self.tab.place()],
        }
    }

    /// What the list of the screen can be sorted by.
    pub(crate) fn sorting(&self) -> Sorting {
        match self.tab {
            Tab::Overview | Tab::Queues => rows::QUEUE_SORTING,
            Tab::Rooms => rows::ROOM_SORTING,
            Tab::Nodes => rows::NODE_SORTING,
            Tab::Events => rows::EVENT_SORTING,
        }
    }

    /// What will happen if the answer is yes; by whom is in the terms.
    pub(crate) fn question(&self) -> Option<String> {
        Some(match self.asked.as_ref()? {
            Order::Drain { node } => {
                let here = self.shown().snapshot.nodes.iter().find(|known| known.node == *node);
                let connections = here.map_or(0, |node| node.connections);
                format!("drain node {node}: it takes nobody new, {connections} connections move elsewhere")
            }
            Order::CloseRoom { room, members, .. } => {
                format!("close room {room} with {} people", members.len())
            }
            Order::Disconnect { user, node, .. } => format!("disconnect user {user} on {node}"),
        })
    }

    fn order(&self) -> Option<Ordered> {
        let order = self.asked.clone()?;
        Some(Ordered { id: String::new(), order, by: self.terms.by.clone() })
    }
}

/// Adds those that are later than the last one known.
fn merge(events: &mut VecDeque<EventLine>, newest: &[EventLine]) {
    let known = events.back().and_then(|last| newest.iter().rposition(|event| event.id == last.id));
    for event in newest.iter().skip(known.map_or(0, |place| place + 1)) {
        if events.len() == MOST_EVENTS {
            events.pop_front();
        }
        events.push_back(event.clone());
    }
}

/// Whether that is what was asked for.
fn is_of(found: &Found, wanted: &Detail) -> bool {
    match (found, wanted) {
        (Found::Queue(found), Detail::Queue { pool, one, other }) => {
            found.pool == *pool && found.one == *one && found.other == *other
        }
        (Found::Room(found), Detail::Room { id }) => found.room.id == *id,
        (Found::Room(found), Detail::Hall { pool, name }) => {
            found.room.id == *name && found.room.pool == *pool
        }
        (Found::Node(found), Detail::Node { name }) => found.node == *name,
        (Found::User(found), Detail::User { pool, user }) => found.user == *user && found.pool == *pool,
        (Found::Queue(_) | Found::Room(_) | Found::Node(_) | Found::User(_), _) => false,
    }
}
