//! What has been seen so far, put in order: what every client knows, and what was said in every room.
//!
//! Built from observations alone. Checks read it as it was before the observation that they look at; model
//! clients read it to decide what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::criteria::Criteria;
use qala::domain::event::Event;
use qala::domain::id::{AckId, ConnectionId, ProposalId, RoomId, TicketId, UserId};
use qala::domain::notice::{Notice, Resumed};
use qala::domain::operation::{Operation, Outcome, Reclaimed, Searched};
use qala::domain::person::Attributes;
use qala::domain::proposal::Proposal;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;

use super::halls::Halls;
use super::observation::{Moment, Observation};
use super::scene::Scene;
use super::talks::Talks;
use super::troubles::{Alone, Troubles};

/// Everything that was seen.
pub(crate) struct Ledger {
    pub(crate) scene: Scene,
    pub(crate) people: BTreeMap<UserId, Person>,
    pub(crate) lines: BTreeMap<ConnectionId, Line>,
    /// Claimed pairs, as the store made them.
    pub(crate) deals: BTreeMap<ProposalId, Deal>,
    /// Their names, in the order made.
    pub(crate) names: Vec<(ProposalId, RoomId)>,
    pub(crate) talks: Talks,
    pub(crate) halls: Halls,
    /// Tickets that began to wait and that ended.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// Tickets that a dead node took along.
    pub(crate) lost_tickets: BTreeSet<TicketId>,
    /// Tickets that were brought back from the store while their node lived, each time: it may end them as well.
    pub(crate) copied_tickets: Vec<TicketId>,
    /// What befell whom.
    pub(crate) troubles: Troubles,
    /// Who is in a match that the other does not know of, or that it is away from.
    pub(crate) alone: BTreeMap<UserId, Alone>,
    /// When somebody was last told of a proposal with somebody, or of its end.
    pub(crate) met: BTreeMap<(UserId, UserId), Time>,
    /// Whom somebody forgot, because the store lost it. The second is `None` for everybody.
    pub(crate) forgot: BTreeSet<(UserId, Option<UserId>)>,
    /// Whose session was over and the store may not know.
    pub(crate) undetached: BTreeSet<UserId>,
    /// Each user's ticket as the store listed it last.
    pub(crate) listed: BTreeMap<UserId, Arc<Ticket>>,
    /// When the pool last had no room for somebody.
    pub(crate) full_at: Option<Time>,
    pub(crate) healed: bool,
}

/// What a user knows.
pub(crate) struct Person {
    /// The newest connection that is open.
    pub(crate) connection: Option<ConnectionId>,
    /// Every wish ever sent, and when.
    pub(crate) wishes: Vec<(Time, Attributes, Criteria)>,
}

/// Where a user stands, by what it was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum View {
    Idle,
    Waiting,
    Proposed { proposal: ProposalId, room: RoomId, partner: UserId },
    Talking { proposal: ProposalId, room: RoomId, partner: UserId },
}

/// One connection.
pub(crate) struct Line {
    pub(crate) user: UserId,
    pub(crate) core: usize,
    pub(crate) opened: Time,
    pub(crate) standing: Standing,
    /// When it came to stand like that.
    pub(crate) since: Time,
    pub(crate) welcomed: bool,
    /// The wish that was acknowledged last on this connection, or on the one before if it was closed.
    pub(crate) current: usize,
    /// By what it was told on this connection.
    pub(crate) view: View,
    /// The same with what did not reach it.
    pub(crate) truth: View,
    /// Something went on when it came in, which is kept until then, and it was not told what since.
    pub(crate) unresumed: Option<Time>,
    /// What waits for an answer.
    pub(crate) pending: BTreeMap<AckId, Asked>,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    /// The client is out of reach, which its node does not know.
    Vanished,
    /// The node closed it, or said that another goes on.
    Over,
    /// The client closed it, or its node is dead.
    Closed,
    /// The same, and the client said good-bye.
    Left,
}

/// Something that waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) command: Result<Command, Refusal>,
    /// Its place among the wishes of its user, if it is one.
    pub(crate) wish: usize,
}

/// A claimed pair.
pub(crate) struct Deal {
    pub(crate) proposal: Arc<Proposal>,
    /// Who sent an acceptance, or searched where that is one.
    pub(crate) accepted: BTreeSet<UserId>,
    /// Who was told of it.
    pub(crate) told: BTreeSet<UserId>,
}

impl Ledger {
    /// Nothing yet.
    pub(crate) fn new(scene: Scene) -> Self {
        Self {
            scene,
            people: BTreeMap::new(),
            lines: BTreeMap::new(),
            deals: BTreeMap::new(),
            names: Vec::new(),
            talks: Talks::default(),
            halls: Halls::default(),
            began: 0,
            ended: 0,
            lost_tickets: BTreeSet::new(),
            copied_tickets: Vec::new(),
            troubles: Troubles::default(),
            alone: BTreeMap::new(),
            met: BTreeMap::new(),
            forgot: BTreeSet::new(),
            undetached: BTreeSet::new(),
            listed: BTreeMap::new(),
            full_at: None,
            healed: false,
        }
    }

    /// The user of a connection.
    pub(crate) fn user(&self, connection: ConnectionId) -> Option<&UserId> {
        self.lines.get(&connection).map(|line| &line.user)
    }

    /// What a client was told on a connection.
    pub(crate) fn view(&self, connection: ConnectionId) -> Option<&View> {
        self.lines.get(&connection).map(|line| &line.view)
    }

    /// The connection on which a user can be told something now.
    pub(crate) fn line_of(&self, user: &UserId) -> Option<&Line> {
        self.lines.get(&self.people.get(user)?.connection?)
    }

    /// What a user knows who can be told something now; `None` for one who cannot.
    pub(crate) fn view_of(&self, user: &UserId) -> Option<&View> {
        self.line_of(user).map(|line| &line.view)
    }

    /// All connections of a user.
    pub(crate) fn lines_of(&self, user: &UserId) -> impl DoubleEndedIterator<Item = (ConnectionId, &Line)> {
        self.lines.iter().filter(move |(_, line)| line.user == *user).map(|(id, line)| (*id, line))
    }

    /// Connections that clients keep open.
    pub(crate) fn open_lines(&self) -> Vec<ConnectionId> {
        let open = self.lines.iter().filter(|(_, line)| line.standing == Standing::Open);
        open.map(|(connection, _)| *connection).collect()
    }

    /// Those of them at a core.
    pub(crate) fn lines_at(&self, core: usize) -> Vec<ConnectionId> {
        let open = self.open_lines().into_iter();
        open.filter(|connection| self.lines.get(connection).is_some_and(|line| line.core == core)).collect()
    }

    /// When `user` was last told of a proposal with `partner`, or of its end.
    pub(crate) fn met_at(&self, user: &UserId, partner: &UserId) -> Option<Time> {
        self.met.get(&(user.clone(), partner.clone())).copied()
    }

    /// Whether nobody is before a proposal or waits for an answer.
    pub(crate) fn is_decided(&self) -> bool {
        let before_one = |user| matches!(self.view_of(user), Some(View::Proposed { .. }));
        !self.people.keys().any(before_one) && self.lines.values().all(|line| line.pending.is_empty())
    }

    /// Takes note of what was seen.
    pub(crate) fn note(&mut self, moment: &Moment) {
        let at = moment.at;
        match &moment.seen {
            Observation::Connected { connection, user, core } => {
                self.connected(*connection, user, *core, at);
            }
            Observation::Disconnected { connection, left } => {
                let standing = if *left { Standing::Left } else { Standing::Closed };
                self.close(*connection, standing, at);
            }
            Observation::Vanished { connection } => self.close(*connection, Standing::Vanished, at),
            Observation::Dismissed { connection } => self.close(*connection, Standing::Over, at),
            Observation::Asked { connection, ack, command } => self.asked(*connection, *ack, command, at),
            Observation::Told { connection, notice } => self.told(*connection, notice, at),
            Observation::Swallowed { connection, notice } => {
                if let Some(line) = self.lines.get_mut(connection) {
                    line.truth = line.truth.clone().after(notice);
                    self.talks.missed(&line.user, notice);
                }
            }
            Observation::Answered { connection, ack, answer } => self.answered(*connection, *ack, answer),
            Observation::Recorded { event } => self.recorded(event),
            Observation::Carried { core, request, outcome } => self.carried(*core, request, outcome, at),
            Observation::Lost { core: _, request } => self.lost(request),
            Observation::Healed => self.healed = true,
            Observation::TicketsLost { tickets } => self.lost_tickets.extend(tickets),
            Observation::Struck { .. }
            | Observation::Troubled { .. }
            | Observation::Killed { .. }
            | Observation::StoreLost { .. } => self.befall(moment),
            Observation::Load { .. } | Observation::Settled { .. } | Observation::Emptied { .. } => return,
        }
        self.look_who_is_alone(at);
    }

    fn connected(&mut self, connection: ConnectionId, user: &UserId, core: usize, at: Time) {
        let unresumed = self.goes_on(user, at);
        let alone = self.lines_of(user).all(|(_, line)| line.standing != Standing::Open);
        let current = if alone { self.current_wish(user) } else { 0 };
        let line = Line {
            user: user.clone(),
            core,
            opened: at,
            standing: Standing::Open,
            since: at,
            welcomed: false,
            current,
            view: View::Idle,
            truth: View::Idle,
            unresumed,
            pending: BTreeMap::new(),
        };
        self.lines.insert(connection, line);
        let person = self
            .people
            .entry(user.clone())
            .or_insert_with(|| Person { connection: None, wishes: Vec::new() });
        person.connection = Some(connection);
    }

    fn close(&mut self, connection: ConnectionId, standing: Standing, at: Time) {
        let Some(line) = self.lines.get_mut(&connection) else { return };
        if line.standing != Standing::Open && standing != Standing::Left {
            line.standing = standing;
        } else {
            (line.standing, line.since) = (standing, at);
        }
        // Nobody waits for an answer on a connection that is gone, nor is known what it would have been.
        if !line.pending.is_empty() {
            line.truth = View::Idle;
        }
        line.pending.clear();
        let user = line.user.clone();
        self.turn_to_newest(&user);
    }

    fn current_wish(&self, user: &UserId) -> usize {
        self.lines_of(user).next_back().map_or(0, |(_, line)| line.current)
    }

    /// A client goes on over the newest connection that is still open.
    fn turn_to_newest(&mut self, user: &UserId) {
        let open = self.lines_of(user).rev().find(|(_, line)| line.standing == Standing::Open);
        let newest = open.map(|(connection, _)| connection);
        if let Some(person) = self.people.get_mut(user) {
            person.connection = newest;
        }
    }

    fn asked(
        &mut self,
        connection: ConnectionId,
        ack: Option<AckId>,
        command: &Result<Command, Refusal>,
        at: Time,
    ) {
        self.halls.asked(connection, command);
        let Some(line) = self.lines.get_mut(&connection) else { return };
        let Some(person) = self.people.get_mut(&line.user) else { return };
        let mut wish = 0;
        match command {
            Ok(Command::Join { attributes, criteria } | Command::Skip { attributes, criteria }) => {
                wish = person.wishes.len();
                person.wishes.push((at, attributes.clone(), criteria.clone()));
            }
            Ok(Command::Accept(proposal)) => {
                if let Some(deal) = self.deals.get_mut(proposal) {
                    deal.accepted.insert(line.user.clone());
                }
            }
            Ok(command) => self.talks.asked(&line.user, command),
            Err(_) => {}
        }
        if let Some(ack) = ack {
            line.pending.insert(ack, Asked { command: command.clone(), wish });
        }
    }

    fn told(&mut self, connection: ConnectionId, notice: &Notice, at: Time) {
        let Some(line) = self.lines.get_mut(&connection) else { return };
        match notice {
            Notice::Welcome { .. } => line.welcomed = true,
            Notice::Replaced => line.standing = Standing::Over,
            Notice::Resumed(_) => line.unresumed = None,
            _ => {}
        }
        let user = line.user.clone();
        let before = line.view.clone();
        line.view = before.clone().after(notice);
        line.truth = line.view.clone();
        let views = [before, line.view.clone()];
        self.talks.told(&user, notice);
        if let Notice::Hall(notice) = notice {
            self.halls.told(connection, &user, notice);
        }
        let agreed = matches!(notice, Notice::MatchReady { .. });
        for view in views {
            if let View::Talking { proposal, partner, .. } = &view
                && agreed
            {
                self.met.insert((user.clone(), partner.clone()), at);
                if let Some(deal) = self.deals.get_mut(proposal) {
                    deal.told.insert(user.clone());
                }
            }
            if let View::Proposed { proposal, partner, .. } = view {
                self.met.insert((user.clone(), partner.clone()), at);
                if let Some(deal) = self.deals.get_mut(&proposal) {
                    deal.told.insert(user.clone());
                }
            }
        }
        if matches!(notice, Notice::Replaced) {
            self.turn_to_newest(&user);
        }
    }

    fn answered(&mut self, connection: ConnectionId, ack: AckId, answer: &Result<Reply, Refusal>) {
        let Some(line) = self.lines.get_mut(&connection) else { return };
        let Some(asked) = line.pending.remove(&ack) else { return };
        let Ok(command) = asked.command else { return };
        self.talks.answered(&line.user, &command, answer);
        self.halls.answered(connection, &command, answer);
        let taken_up = match answer {
            Ok(_) | Err(Refusal::Unavailable { .. } | Refusal::PoolFull { .. }) => true,
            Err(_) => false,
        };
        if !taken_up {
            return;
        }
        let view = line.view.clone();
        line.view = match (command, answer, view) {
            (Command::Join { .. } | Command::Skip { .. }, Ok(_), _) => {
                line.current = asked.wish;
                View::Waiting
            }
            // A wish that could not be listed has ended what was before.
            (Command::Join { .. } | Command::Skip { .. }, Err(_), _)
            | (Command::LeaveQueue, Ok(_), View::Waiting | View::Proposed { .. }) => View::Idle,
            (Command::Reject(id), Ok(_), View::Proposed { proposal, .. }) if id == proposal => View::Waiting,
            (Command::LeaveRoom(left), Ok(_), View::Talking { room, .. }) if left.means(room) => View::Idle,
            (_, _, view) => view,
        };
        line.truth = line.view.clone();
    }

    fn recorded(&mut self, event: &Event) {
        match event {
            Event::Searching => self.began += 1,
            Event::TicketEnded(_) => self.ended += 1,
            Event::HeldSignalDropped => self.talks.dropped_signals = true,
            _ => {}
        }
    }

    fn carried(&mut self, core: usize, request: &Operation, outcome: &Outcome, at: Time) {
        if let (Operation::Reclaim { user, .. }, Outcome::Reclaimed(reclaimed)) = (request, outcome) {
            return self.reclaimed(core, user, reclaimed);
        }
        let (Operation::Search(search), Outcome::Searched(searched)) = (request, outcome) else { return };
        let ticket = &search.plan.ticket;
        match searched {
            Searched::Listed(_) | Searched::More(_) => {
                self.listed.insert(ticket.user.clone(), ticket.clone());
            }
            Searched::Claimed(proposal) => {
                let users = proposal.sides.iter().map(|side| side.ticket.user.clone());
                let accepted = users.filter(|_| self.scene.is_at_once()).collect();
                let deal = Deal { proposal: proposal.clone(), accepted, told: BTreeSet::new() };
                self.deals.insert(proposal.id, deal);
                self.names.push((proposal.id, proposal.room));
            }
            Searched::Full => self.full_at = Some(at),
            Searched::Taken(_) => {}
        }
    }

    /// A ticket of a node that is dead or did not answer lives on.
    fn reclaimed(&mut self, core: usize, user: &UserId, reclaimed: &Reclaimed) {
        let ticket = match reclaimed {
            Reclaimed::Waiting(ticket) => Some(ticket.id),
            Reclaimed::Taken(proposal) => proposal.sides_of(user).map(|(own, _)| own.ticket.id),
            Reclaimed::Nothing => None,
        };
        if let Some(ticket) = ticket.filter(|_| !self.troubles.killed.contains_key(&core))
            && !self.lost_tickets.remove(&ticket)
        {
            self.copied_tickets.push(ticket);
        }
    }

    pub(super) fn lost(&mut self, request: &Operation) {
        match request {
            Operation::Remember { user, partner, .. } => {
                self.forgot.insert((user.clone(), Some(partner.clone())));
            }
            Operation::Attach { user, .. } => {
                self.forgot.insert((user.clone(), None));
            }
            Operation::Detach { user, .. } => {
                self.undetached.insert(user.clone());
            }
            _ => {}
        }
    }
}

impl View {
    /// Where a user stands that was told this.
    pub(crate) fn after(self, notice: &Notice) -> Self {
        match (notice, self) {
            (Notice::Welcome { .. } | Notice::Resumed(Resumed::Idle), _)
            | (Notice::MatchFailed { requeued: false, .. }, Self::Proposed { .. })
            | (Notice::PeerLeft { .. }, Self::Talking { .. })
            | (Notice::WaitingExpired, Self::Waiting) => Self::Idle,
            (Notice::Resumed(Resumed::Waiting { .. }), _)
            | (Notice::MatchFailed { requeued: true, .. }, Self::Proposed { .. }) => Self::Waiting,
            (Notice::Resumed(Resumed::Proposed(found)) | Notice::MatchFound(found), _) => {
                let (proposal, room, partner) = (found.proposal, found.room, found.partner.user.clone());
                Self::Proposed { proposal, room, partner }
            }
            (Notice::Resumed(Resumed::Talking { proposal, room, partner, .. }), _)
            | (Notice::MatchReady { proposal, room, partner, .. }, Self::Waiting) => {
                Self::Talking { proposal: *proposal, room: *room, partner: partner.user.clone() }
            }
            (Notice::MatchReady { .. }, Self::Proposed { proposal, room, partner }) => {
                Self::Talking { proposal, room, partner }
            }
            (_, view) => view,
        }
    }
}
