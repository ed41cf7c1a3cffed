//! What intents do to a state: moving about, writing, holding, asking for orders.

use qala::store::snapshot::{Detail, Found, Order, Room, RoomKind, UserState};

use super::list::{self, List};
use super::rows::{self, names};
use super::timeline::pace;
use super::{Intent, Looking, MOST_DETAILS, Mode, State, Tab, Wish};

impl State {
    /// Does what somebody wants; what a state cannot do is for the loop.
    pub fn perform(&mut self, intent: Intent) -> Option<Wish> {
        match intent {
            Intent::Quit => return Some(Wish::Quit),
            Intent::Stop => return Some(Wish::Stop),
            Intent::Redraw => return Some(Wish::Redraw),
            Intent::Yes => return self.yes(),
            Intent::Seek(seconds) => {
                return self.timeline.map(|timeline| Wish::Seek(timeline.after(seconds)));
            }
            Intent::SeekShare(share) => {
                return self.timeline.map(|timeline| Wish::Seek(timeline.at_share(share)));
            }
            Intent::Enter => return self.enter(),
            Intent::Show(tab) => self.show(tab),
            Intent::NextTab => self.show(self.tab.step(1)),
            Intent::TabBefore => self.show(self.tab.step(Tab::ALL.len() - 1)),
            Intent::Help => self.mode = Mode::Help,
            Intent::Back => self.back(),
            Intent::Move(lines) => self.step(lines),
            Intent::Page(pages) => {
                self.step(pages.saturating_mul(isize::try_from(self.page_lines).unwrap_or(isize::MAX)));
            }
            Intent::First => self.step(isize::MIN),
            Intent::Last => self.step(isize::MAX),
            Intent::Choose(place) => self.choose(place),
            Intent::Sort => self.sort(),
            Intent::TurnRound => self.list_mut().turned ^= true,
            Intent::Filter => self.mode = Mode::Filter,
            Intent::Jump => self.jump(),
            Intent::Type(letter) => self.type_in(letter),
            Intent::Paste(text) => text.chars().for_each(|letter| self.type_in(letter)),
            Intent::Erase => drop(self.written_mut().pop()),
            Intent::EraseAll => self.written_mut().clear(),
            Intent::Pause => self.pause(),
            Intent::Faster => self.change_pace(true),
            Intent::Slower => self.change_pace(false),
            Intent::Act => self.act(),
        }
        None
    }

    fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.details.clear();
        self.mode = Mode::Browse;
    }

    fn back(&mut self) {
        match self.mode {
            Mode::Help | Mode::Jump => self.mode = Mode::Browse,
            Mode::Confirm => {
                self.asked = None;
                self.mode = Mode::Browse;
                self.say("nothing was done");
            }
            Mode::Filter => {
                self.list_mut().filter.clear();
                self.mode = Mode::Browse;
            }
            Mode::Browse if !self.list().filter.is_empty() => self.list_mut().filter.clear(),
            Mode::Browse => drop(self.details.pop()),
        }
    }

    /// The names of the lines one moves in.
    fn line_names(&self) -> Vec<String> {
        let live = self.shown();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let list = self.list();
        if !self.details.is_empty() {
            return match self.found() {
                Some(Found::Queue(queue)) => owned(names(&rows::people(&queue.longest, list))),
                Some(Found::Room(room)) => {
                    room.room.members.iter().map(|member| member.user.clone()).collect()
                }
                Some(Found::Node(_) | Found::User(_)) | None => Vec::new(),
            };
        }
        match self.tab {
            Tab::Overview | Tab::Queues => owned(names(&rows::queues(live, list))),
            Tab::Rooms => owned(names(&rows::rooms(live, list))),
            Tab::Nodes => owned(names(&rows::nodes(live, list))),
            Tab::Events => owned(names(&rows::events(live, list))),
        }
    }

    fn step(&mut self, lines: isize) {
        let names = self.line_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.tab == Tab::Events && self.details.is_empty() {
            return self.step_in_events(lines, &names);
        }
        let place = self.list().place(&names);
        let turns_page =
            self.tab == Tab::Rooms && self.details.is_empty() && lines.unsigned_abs() <= self.page_lines;
        if turns_page && lines > 0 && place + 1 >= names.len() && self.turn_page(true) {
            return;
        }
        if turns_page && lines < 0 && place == 0 && self.turn_page(false) {
            return;
        }
        self.list_mut().step(lines, &names);
    }

    /// New ones come at the end: whoever is there stays there.
    fn step_in_events(&mut self, lines: isize, names: &[&str]) {
        let last = names.len().saturating_sub(1);
        let place = self.event_place(names).saturating_add_signed(lines).min(last);
        let list = self.list_mut();
        if place == last { list.forget() } else { list.choose(place, names) }
    }

    /// The chosen event: the newest, unless somebody chose another.
    pub(crate) fn event_place(&self, names: &[&str]) -> usize {
        if self.tab_list().is_free() { names.len().saturating_sub(1) } else { self.tab_list().place(names) }
    }

    /// The next page of rooms, or the one before, if there is one.
    fn turn_page(&mut self, on: bool) -> bool {
        let Some(page) = &self.shown().snapshot.rooms else { return false };
        let shown = u64::try_from(page.rooms.len()).unwrap_or(u64::MAX);
        let limit = u64::from(qala::store::snapshot::Survey::MOST_ROOMS);
        let offset = match on {
            true if page.offset + shown < page.total => page.offset + shown,
            false if page.offset > 0 => page.offset.saturating_sub(limit),
            true | false => return false,
        };
        if self.is_held() || self.timeline.is_some() {
            self.say("other pages can be had of a live picture only");
            return true;
        }
        self.rooms_offset = offset;
        self.list_mut().forget();
        true
    }

    fn choose(&mut self, place: usize) {
        let names = self.line_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let again = names.get(place).is_some() && self.list().has_chosen(names[place]);
        self.list_mut().choose(place, &names);
        // A second click on the same line opens it.
        if again {
            self.open();
        }
    }

    fn sort(&mut self) {
        let columns = self.sorting().len();
        let list = self.list_mut();
        list.sort = (list.sort + 1) % columns;
        list.turned = false;
    }

    fn enter(&mut self) -> Option<Wish> {
        match self.mode {
            Mode::Filter => self.mode = Mode::Browse,
            Mode::Jump => {
                self.mode = Mode::Browse;
                let moment = self.timeline.and_then(|timeline| timeline.moment(&self.written));
                if moment.is_none() {
                    self.say(format!("`{}` is no time of day; write it as 03:12 or 03:12:40", self.written));
                }
                return moment.map(Wish::Seek);
            }
            Mode::Browse => self.open(),
            Mode::Help | Mode::Confirm => self.back(),
        }
        None
    }

    fn open(&mut self) {
        if let Some(detail) = self.chosen()
            && self.details.len() < MOST_DETAILS
        {
            self.details.push(Looking { detail, list: List::default() });
        }
    }

    /// What Enter opens.
    fn chosen(&self) -> Option<Detail> {
        if let Some(looking) = self.details.last() {
            return match self.found()? {
                Found::Queue(queue) => {
                    let rows = rows::people(&queue.longest, &looking.list);
                    let user = rows.get(looking.list.place(&names(&rows)))?.what;
                    Some(Detail::User { pool: user.pool.clone(), user: user.user.clone() })
                }
                Found::Room(room) => {
                    let members: Vec<&str> = room.room.members.iter().map(|member| &*member.user).collect();
                    let user = (*members.get(looking.list.place(&members))?).to_owned();
                    Some(Detail::User { pool: room.room.pool.clone(), user })
                }
                Found::User(user) if !user.room.is_empty() => Some(Detail::Room { id: user.room.clone() }),
                Found::User(_) | Found::Node(_) => None,
            };
        }
        self.chosen_of_tab()
    }

    fn chosen_of_tab(&self) -> Option<Detail> {
        let (live, list) = (self.shown(), self.tab_list());
        match self.tab {
            Tab::Overview | Tab::Queues => {
                let rows = rows::queues(live, list);
                let queue = rows.get(list.place(&names(&rows)))?.what.queue;
                Some(Detail::Queue {
                    pool: queue.pool.clone(),
                    one: queue.one.clone(),
                    other: queue.other.clone(),
                })
            }
            Tab::Rooms => {
                let rows = rows::rooms(live, list);
                rows.get(list.place(&names(&rows))).map(|row| detail_of(row.what))
            }
            Tab::Nodes => {
                let rows = rows::nodes(live, list);
                let node = rows.get(list.place(&names(&rows)))?.what.node;
                Some(Detail::Node { name: node.node.clone() })
            }
            Tab::Events => {
                let rows = rows::events(live, list);
                let event = rows.get(self.event_place(&names(&rows)))?.what;
                if !event.room.is_empty() {
                    return Some(Detail::Room { id: event.room.clone() });
                }
                let user = Detail::User { pool: event.dialect.clone(), user: event.user.clone() };
                (!event.user.is_empty()).then_some(user)
            }
        }
    }

    fn written_mut(&mut self) -> &mut String {
        if self.mode == Mode::Jump { &mut self.written } else { &mut self.list_mut().filter }
    }

    fn type_in(&mut self, letter: char) {
        list::type_in(self.written_mut(), letter);
    }

    fn jump(&mut self) {
        if self.timeline.is_some() {
            self.written.clear();
            self.mode = Mode::Jump;
        }
    }

    fn pause(&mut self) {
        if let Some(timeline) = &mut self.timeline {
            timeline.plays = !timeline.plays;
        } else if self.held.take().is_none() {
            self.held = Some(Box::new(self.live.clone()));
        }
    }

    fn change_pace(&mut self, faster: bool) {
        match &mut self.timeline {
            Some(timeline) => timeline.change_speed(faster),
            None => self.pace_ms = pace(self.pace_ms, faster),
        }
    }

    /// Asks whether to do what can be done with the chosen.
    fn act(&mut self) {
        if self.timeline.is_some() {
            return self.say("this is a record: nothing can be done in it");
        }
        if !self.terms.allow_actions {
            return self.say("orders are off; start with --allow-actions to give them");
        }
        if self.stale().is_some() {
            return self.say("nobody answers: nothing can be done now");
        }
        match self.possible_order() {
            Some(order) => {
                self.asked = Some(order);
                self.mode = Mode::Confirm;
            }
            None => self.say("nothing can be done here: choose a node, a room or a user"),
        }
    }

    fn possible_order(&self) -> Option<Order> {
        let close = |room: &Room| Order::CloseRoom {
            pool: room.pool.clone(),
            room: room.id.clone(),
            members: room.members.clone(),
        };
        let disconnect = |user: &qala::store::snapshot::UserDetail| {
            (!user.node.is_empty()).then(|| Order::Disconnect {
                pool: user.pool.clone(),
                user: user.user.clone(),
                node: user.node.clone(),
            })
        };
        if let Some(looking) = self.details.last() {
            return match self.found()? {
                Found::Room(room) => Some(close(&room.room)),
                Found::Node(node) => Some(Order::Drain { node: node.node.clone() }),
                Found::User(user) => disconnect(user),
                Found::Queue(queue) => {
                    let rows = rows::people(&queue.longest, &looking.list);
                    disconnect(rows.get(looking.list.place(&names(&rows)))?.what)
                }
            };
        }
        let (live, list) = (self.shown(), self.tab_list());
        match self.tab {
            Tab::Rooms => {
                let rows = rows::rooms(live, list);
                rows.get(list.place(&names(&rows))).map(|row| close(row.what))
            }
            Tab::Nodes => {
                let rows = rows::nodes(live, list);
                let node = rows.get(list.place(&names(&rows)))?.what.node;
                Some(Order::Drain { node: node.node.clone() })
            }
            Tab::Overview | Tab::Queues | Tab::Events => None,
        }
    }

    fn yes(&mut self) -> Option<Wish> {
        let ordered = self.order();
        self.asked = None;
        self.mode = Mode::Browse;
        ordered.map(Wish::Give)
    }
}

fn detail_of(room: &Room) -> Detail {
    match room.kind {
        RoomKind::Pair => Detail::Room { id: room.id.clone() },
        RoomKind::Hall => Detail::Hall { pool: room.pool.clone(), name: room.id.clone() },
    }
}

/// What a user does, as a word.
pub(crate) fn doing(state: UserState) -> &'static str {
    match state {
        UserState::Idle => "idle",
        UserState::Waiting => "waiting",
        UserState::Proposed => "found somebody, not both have answered",
        UserState::Talking => "talking",
    }
}
