//! Searching: who takes the searches that arrive, and how they end without a match.

use qala::domain::command::Command;

use super::person::{Matter, Phase};
use super::{Crowd, Deed, OVERDUE_AT_MOST};
use crate::event::{Client, What};
use crate::people::Wish;
use crate::plan::Arrival;
use crate::time::Moment;

impl Crowd {
    /// The next search of the plan is due.
    pub(super) fn arrive(&mut self, now: Moment) {
        let Some(arrival) = self.next.take() else { return };
        self.next = self.plan.next_arrival();
        if let Some(next) = &self.next {
            self.timers.set(next.due, Deed::Arrive);
        }
        if let Some(client) = self.next_free() {
            return self.search(client, arrival, now);
        }
        self.happened(0, What::NobodyFree, now);
        if self.overdue.len() < OVERDUE_AT_MOST {
            self.overdue.push_back(arrival);
        }
    }

    /// In the closed model everybody who is free searches, from now on.
    pub(super) fn begin(&mut self, now: Moment) {
        while let Some(client) = self.next_free() {
            let arrival = self.plan.arrival(now);
            self.search(client, arrival, now);
        }
    }

    /// Who has been free for longest.
    fn next_free(&mut self) -> Option<Client> {
        while let Some(client) = self.free.pop_front() {
            let person = self.person_mut(client);
            person.in_line = false;
            if person.is_free() {
                return Some(client);
            }
        }
        None
    }

    /// Nothing more to do.
    pub(super) fn be_free(&mut self, client: Client, now: Moment) {
        self.enter_phase(client, Phase::Idle);
        self.stand_in_line(client, now);
    }

    /// Takes a search that waits for somebody, or waits for one.
    pub(super) fn stand_in_line(&mut self, client: Client, now: Moment) {
        if !self.person(client).is_free() {
            return;
        }
        if let Some(arrival) = self.overdue.pop_front() {
            return self.search(client, arrival, now);
        }
        if self.scenario.closed && (self.plan.begins()..self.plan.ends()).contains(&now) {
            let arrival = self.plan.arrival(now);
            return self.search(client, arrival, now);
        }
        let person = self.person_mut(client);
        if !person.in_line {
            person.in_line = true;
            self.free.push_back(client);
        }
    }

    fn search(&mut self, client: Client, arrival: Arrival, now: Moment) {
        let (due, family) = (arrival.due, self.family(client));
        self.happened(client, What::Late(now.since(due)), now);
        let wish = Box::new(if family.has_wishes() { arrival.wish.clone() } else { Wish::NONE });
        let (attributes, criteria) = (wish.is.clone(), wish.wants.clone());
        self.happened(client, What::Searched { due, family, wish }, now);
        let patience = std::time::Duration::from_secs_f64(self.scenario.patience_seconds);
        self.timers.set(now + patience, Deed::GiveUp(client, arrival.number));
        self.enter_phase(client, Phase::Waiting(Box::new(arrival)));
        if family.is_matched() {
            self.ask(client, &Command::Join { attributes, criteria }, Matter::Search, due, now);
        } else {
            self.enter_hall(client, due, now);
        }
    }

    pub(super) fn give_up(&mut self, client: Client, number: u32, now: Moment) {
        let person = self.person(client);
        let is_that = matches!(&person.phase, Phase::Waiting(arrival) if arrival.number == number);
        if is_that && person.link == super::person::Link::In {
            if self.family(client).is_matched() {
                self.ask(client, &Command::LeaveQueue, Matter::Cancel, now, now);
            } else {
                self.leave_hall(client, now);
            }
            self.happened(client, What::Unmatched { wanted: true }, now);
            self.be_free(client, now);
        }
    }

    /// The server gave up the search.
    pub(super) fn expired(&mut self, client: Client, now: Moment) {
        if matches!(self.person(client).phase, Phase::Waiting(_)) {
            self.happened(client, What::Unmatched { wanted: false }, now);
            self.be_free(client, now);
        }
    }
}
