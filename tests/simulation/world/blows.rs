//! What befalls nodes and the store.

use std::collections::BTreeSet;
use std::time::Duration;

use qala::domain::core::{Core, Input};
use qala::domain::envelope::{Envelope, GoingOn};
use qala::domain::id::{ConnectionId, TicketId};
use qala::domain::time::Time;

use super::super::ledger::Standing;
use super::super::scene::{Blow, FROZEN_MS};
use super::nodes::Life;
use super::{Due, Observation, Seen, World};

/// A node that gives no sign of life for so long is gone.
const GONE_AFTER_MS: u64 = 5_000;
/// The last sign of life was so long ago, at most.
const BEAT_MS: u64 = 1_000;
/// Others hear of a node that is back within this, and so does a node that the store forgot.
const BACK_MS: u64 = 1_200;
/// Clients of a node that stands still who give it up.
const LEAVE_PERCENT: u64 = 70;

impl World {
    pub(super) fn strike(&mut self, blow: Blow) -> Seen {
        self.see(Observation::Struck { blow })?;
        let until = self.now + Duration::from_millis(blow.ms());
        match blow {
            Blow::Kill { place, another_after_ms } => self.kill(place, another_after_ms)?,
            Blow::Freeze { place } => self.freeze(place)?,
            Blow::Cut { place, .. } => {
                let node = self.nodes.at(place);
                self.trouble(node, until)?;
                self.nodes.all[node].silent = true;
                self.plan_gone(node);
                self.plan(until, Due::Heard { node });
            }
            Blow::Empty { .. } => self.plan(until, Due::Lose { operations: None }),
            Blow::Rewind { operations, .. } => {
                self.plan(until, Due::Lose { operations: Some(operations) });
            }
        }
        Ok(())
    }

    fn trouble(&mut self, node: usize, until: Time) -> Seen {
        for core in self.nodes.cores_of(node) {
            self.see(Observation::Troubled { core, until })?;
        }
        Ok(())
    }

    fn kill(&mut self, place: usize, another_after_ms: u64) -> Seen {
        let node = self.nodes.at(place);
        if self.nodes.all[node].life == Life::Dead {
            return Ok(());
        }
        let mut tickets = BTreeSet::new();
        for core in self.nodes.cores_of(node) {
            let dead = self.nodes.bury(core);
            tickets.extend(dead.iter().flat_map(Core::tickets));
            let held = self.nodes.take_held(core);
            tickets.extend(held.iter().filter_map(|(input, _)| ticket_in(input)));
            self.underway[core] = 0;
            let reached = self.now + Duration::from_millis(self.random.below(self.scene.post_ms + 1));
            tickets.extend(self.drop_what_is_on_its_way(core, reached));
        }
        self.nodes.all[node].life = Life::Dead;
        self.nodes.all[node].silent = true;
        self.lose_tickets(tickets)?;
        for core in self.nodes.cores_of(node) {
            self.see(Observation::Killed { core })?;
            for connection in self.ledger.lines_at(core) {
                self.see(Observation::Disconnected { connection, left: false })?;
            }
        }
        self.plan_gone(node);
        self.plan(self.now + Duration::from_millis(another_after_ms), Due::Start { place });
        Ok(())
    }

    /// What a dead core sent goes on if it was under way for long enough. Tells the tickets that do not.
    fn drop_what_is_on_its_way(&mut self, core: usize, reached: Time) -> Vec<TicketId> {
        let mut lost = Vec::new();
        self.agenda.retain(|(at, _), due| match due {
            Due::Carry { core: from, .. } => *from != core || *at <= reached,
            Due::Deliver { from, envelope, .. } if *from == core && *at > reached => {
                lost.extend(ticket_of(envelope));
                false
            }
            _ => true,
        });
        lost
    }

    /// Tickets that were on a dead node and are nowhere else.
    pub(super) fn lose_tickets(&mut self, mut tickets: BTreeSet<TicketId>) -> Seen {
        for (_, core) in self.nodes.living() {
            for ticket in core.tickets() {
                tickets.remove(&ticket);
            }
        }
        if tickets.is_empty() {
            return Ok(());
        }
        self.see(Observation::TicketsLost { tickets })
    }

    pub(super) fn start_another(&mut self, place: usize) {
        self.nodes.start_another(&self.scene, place);
        let node = self.nodes.at(place);
        self.underway.resize(self.nodes.cores_of(node).into_iter().max().unwrap_or(0) + 1, 0);
    }

    fn freeze(&mut self, place: usize) -> Seen {
        let node = self.nodes.at(place);
        if self.nodes.all[node].life != Life::Up {
            return Ok(());
        }
        let until = self.now + Duration::from_millis(FROZEN_MS);
        self.trouble(node, until)?;
        self.nodes.all[node].life = Life::Frozen;
        self.nodes.all[node].silent = true;
        for core in self.nodes.cores_of(node) {
            for connection in self.ledger.lines_at(core) {
                if self.random.percent(LEAVE_PERCENT) {
                    let at = self.now + Duration::from_millis(self.random.between(200, FROZEN_MS - 200));
                    self.plan(at, Due::GiveUp { connection });
                }
            }
        }
        self.plan_gone(node);
        self.plan(until, Due::Thaw { node });
        Ok(())
    }

    /// A client gives a node up that stands still.
    pub(super) fn give_up(&mut self, connection: ConnectionId) -> Seen {
        if self.ledger.lines.get(&connection).is_none_or(|line| line.standing != Standing::Open) {
            return Ok(());
        }
        self.plan(self.now, Due::Closed { connection, left: false });
        self.see(Observation::Vanished { connection })
    }

    /// A node that stood still takes what came meanwhile, in order; what is due by time comes first, or last.
    pub(super) fn thaw(&mut self, node: usize) -> Seen {
        if self.nodes.all[node].life != Life::Frozen {
            return Ok(());
        }
        self.nodes.all[node].life = Life::Up;
        let timers_first = self.random.percent(50);
        for core in self.nodes.cores_of(node) {
            if timers_first {
                self.tick(core)?;
            }
            for (input, from) in self.nodes.take_held(core) {
                self.give(core, input, from)?;
            }
        }
        self.heard(node)
    }

    /// Others hear of a node again.
    pub(super) fn heard(&mut self, node: usize) -> Seen {
        if self.nodes.all[node].life != Life::Up || !self.nodes.all[node].silent {
            return Ok(());
        }
        self.nodes.all[node].silent = false;
        let told = std::mem::take(&mut self.nodes.all[node].gone_for);
        if told.is_empty() {
            return Ok(());
        }
        let own = self.now + Duration::from_millis(self.random.between(0, BACK_MS));
        self.plan(own, Due::Forgotten { node });
        for core in told {
            let at = self.now + Duration::from_millis(self.random.between(0, BACK_MS));
            self.plan(at, Due::Back { core, node });
        }
        // Until its rebuild has come to an end, what goes on there is not known everywhere.
        self.trouble(node, own)
    }

    fn plan_gone(&mut self, node: usize) {
        let now = self.now;
        let living = self.nodes.living().map(|(core, _)| core);
        let others: Vec<usize> = living.filter(|core| self.nodes.node_of(*core) != node).collect();
        for core in others {
            let noticed = Duration::from_millis(self.random.between(GONE_AFTER_MS - BEAT_MS, GONE_AFTER_MS));
            let late = Duration::from_millis(self.random.below(200));
            self.plan(now + noticed + late, Due::Gone { core, node });
        }
    }

    /// A core hears that a node is gone, unless its own node was silent itself: then it waits as long again.
    pub(super) fn gone(&mut self, core: usize, node: usize) -> Seen {
        if !self.nodes.all[node].silent || self.nodes.life_of(core) == Life::Dead {
            return Ok(());
        }
        let own = self.nodes.node_of(core);
        if self.nodes.all[own].silent || self.link.passes_at(self.nodes.place_of(core), self.now) > self.now {
            self.plan(self.now + Duration::from_millis(GONE_AFTER_MS), Due::Gone { core, node });
            return Ok(());
        }
        if self.nodes.all[node].gone_for.contains(&core) {
            return Ok(());
        }
        self.nodes.all[node].gone_for.push(core);
        let name = self.nodes.all[node].name.clone();
        self.give(core, Input::NodeGone { node: name }, None)
    }

    pub(super) fn back(&mut self, core: usize, node: usize) -> Seen {
        let name = self.nodes.all[node].name.clone();
        self.give(core, Input::NodeBack { node: name }, None)
    }

    pub(super) fn forgotten(&mut self, node: usize) -> Seen {
        for core in self.nodes.cores_of(node) {
            self.give(core, Input::Forgotten, None)?;
        }
        Ok(())
    }

    /// The store is there again, without its newest operations or without anything.
    pub(super) fn lose(&mut self, operations: Option<usize>) -> Seen {
        let undone = if let Some(operations) = operations {
            self.store.rewind(operations)
        } else {
            for node in 0..self.nodes.all.len() {
                let at = self.now + Duration::from_millis(self.random.between(1, BACK_MS));
                self.plan(at, Due::Forgotten { node });
            }
            self.store.empty()
        };
        self.see(Observation::StoreLost { everything: operations.is_none(), undone })
    }
}

fn ticket_in(input: &Input) -> Option<TicketId> {
    if let Input::Envelope { envelope, .. } = input { ticket_of(envelope) } else { None }
}

/// The ticket that an envelope hands over.
pub(super) fn ticket_of(envelope: &Envelope) -> Option<TicketId> {
    let Envelope::HandedOver(Some(handover)) = envelope else { return None };
    match &handover.going_on {
        GoingOn::Waiting(ticket) => Some(ticket.id),
        GoingOn::Proposed { proposal, .. } => proposal.sides_of(&handover.user).map(|(own, _)| own.ticket.id),
        GoingOn::Idle | GoingOn::Talking { .. } => None,
    }
}
