//! Coming, being known, going, and coming back.

use std::time::Duration;

use super::calling::member;
use super::person::{Link, Phase};
use super::{Action, Crowd, Deed};
use crate::event::{Client, What};
use crate::time::Moment;

/// A server that says neither who a client is nor what goes on says it within this time.
const SAYS_WITHIN: Duration = Duration::from_secs(1);
/// A server that knows what somebody left behind says so within this time, also when everybody comes back at once.
const RESUMES_WITHIN: Duration = Duration::from_secs(30);
/// Until somebody who lost the connection tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who reads again has read by then what came meanwhile, and is a measure again.
const RECOVERS_WITHIN: Duration = Duration::from_secs(1);
/// Connections dropped in one go: closing one takes time, in which others would wait for their turn.
const DROPPED_AT_ONCE: u32 = 200;
const DROPS_EVERY: Duration = Duration::from_millis(1);

impl Crowd {
    pub(super) fn connect(&mut self, client: Client, due: Moment) {
        let person = self.person_mut(client);
        if person.link == Link::Away {
            person.link = Link::Opening;
            person.connect_due = due;
            self.do_soon(Action::Connect(client));
        }
    }

    pub(super) fn entered(&mut self, client: Client, sid: &str, now: Moment) {
        let person = self.person_mut(client);
        if person.link != Link::Opening {
            return;
        }
        person.link = Link::Entering;
        let took = now.since(person.connect_due);
        self.census.connected += 1;
        self.happened(client, What::Connected { took }, now);
        if self.first_sid.is_empty() {
            self.first_sid = sid.into();
        }
        if !self.family(client).is_matched() {
            self.know(client, &member(client), now);
        } else if !self.family(client).returns() || self.person(client).name.is_none() {
            // Servers that say nothing of themselves call people by their connections.
            self.know(client, sid, now);
        }
        // Who left something behind waits for the word on it: to begin anew would be to leave it.
        let idle = matches!(self.person(client).phase, Phase::Idle);
        let within = if idle { SAYS_WITHIN } else { RESUMES_WITHIN };
        self.timers.set(now + within, Deed::Settle(client));
    }

    /// The server calls the client so.
    pub(super) fn know(&mut self, client: Client, name: &str, now: Moment) {
        let before = self.person_mut(client).name.replace(name.into());
        let new = before.as_deref() != Some(name);
        if new {
            if let Some(before) = before {
                self.names.remove(&before);
            }
            self.names.insert(name.into(), client);
        }
        self.happened(client, What::Known { new }, now);
    }

    /// Who comes back to nothing has nothing to wait for.
    pub(super) fn welcomed(&mut self, client: Client, now: Moment) {
        let person = self.person(client);
        if person.link == Link::Entering && matches!(person.phase, Phase::Idle) {
            self.be_in(client, now);
        }
    }

    /// The server has said what goes on, if anything does.
    pub(super) fn be_in(&mut self, client: Client, now: Moment) {
        let person = self.person_mut(client);
        if person.link == Link::Entering {
            person.link = Link::In;
        }
        self.stand_in_line(client, now);
    }

    pub(super) fn settle(&mut self, client: Client, now: Moment) {
        if self.person(client).link == Link::Entering {
            self.begin_anew(client, now);
        }
    }

    /// Nothing of it goes on.
    pub(super) fn begin_anew(&mut self, client: Client, now: Moment) {
        if !matches!(self.person(client).phase, Phase::Idle) {
            self.happened(client, What::Fresh, now);
            self.enter_phase(client, Phase::Idle);
        }
        self.be_in(client, now);
    }

    pub(super) fn lost(&mut self, client: Client, why: &str, now: Moment) {
        let person = self.person_mut(client);
        let stood = matches!(person.link, Link::Entering | Link::In | Link::Silent);
        let silent = person.link == Link::Silent;
        let back = person.hangs_up.take();
        let wanted = back.is_some() || silent;
        person.link = Link::Away;
        person.pending.clear();
        self.census.connected -= u32::from(stood);
        self.happened(client, What::Dropped { wanted }, now);
        if !self.family(client).returns() {
            self.enter_phase(client, Phase::Idle);
            self.person_mut(client).hall = None;
        }
        if silent {
            // Nobody stays for ever; the place is given back as the server meant it.
            return;
        }
        if !wanted {
            self.went_wrong(client, format!("connection: {why}"), now);
        }
        // Only now: a deed that is due before the stream has ended would find the client connected.
        self.timers.set(back.unwrap_or(now + RETRY_AFTER), Deed::Connect(client));
    }

    /// Closes the connection, to open another at `back`.
    pub(super) fn hang_up(&mut self, client: Client, back: Moment) {
        let person = self.person_mut(client);
        if matches!(person.link, Link::Entering | Link::In) {
            person.hangs_up = Some(back);
            self.do_soon(Action::HangUp(client));
        }
    }

    pub(super) fn storm(&mut self, from: Client, now: Moment) {
        let until = from.saturating_add(DROPPED_AT_ONCE).min(self.scenario.clients);
        for client in from..until {
            let back = self.plan.back_after_storm(client, now);
            self.hang_up(client, back);
        }
        if until < self.scenario.clients {
            self.timers.set(now + DROPS_EVERY, Deed::Storm(until));
        }
    }

    pub(super) fn fall_silent(&mut self, client: Client, now: Moment) {
        let person = self.person_mut(client);
        if matches!(person.link, Link::Entering | Link::In) {
            person.link = Link::Silent;
            person.pending.clear();
            self.happened(client, What::Troubled, now);
            self.enter_phase(client, Phase::Idle);
            self.do_soon(Action::Read { client, on: false });
        }
    }

    pub(super) fn read_nothing(&mut self, client: Client, span: Duration, now: Moment) {
        if matches!(self.person(client).link, Link::Entering | Link::In) {
            self.happened(client, What::Troubled, now);
            self.do_soon(Action::Read { client, on: false });
            self.timers.set(now + span, Deed::ReadAgain(client));
        }
    }

    pub(super) fn read_again(&mut self, client: Client, now: Moment) {
        self.do_soon(Action::Read { client, on: true });
        self.timers.set(now + RECOVERS_WITHIN, Deed::Recover(client));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Input;
    use super::*;
    use crate::scenario::Scenario;

    fn connects(crowd: &mut Crowd) -> usize {
        std::iter::from_fn(|| crowd.poll_action())
            .filter(|action| matches!(action, Action::Connect(_)))
            .count()
    }

    #[test]
    fn who_hangs_up_comes_back_however_long_the_stream_takes_to_end() {
        let mut crowd = Crowd::new(&Scenario { clients: 1, ..Scenario::default() });
        let [start, later] = [1, 2].map(|second| Moment::from_us(second * 1_000_000));
        crowd.handle(Input::Time, start);
        crowd.handle(Input::Entered { client: 0, sid: "s" }, start);
        assert_eq!(connects(&mut crowd), 1);
        crowd.hang_up(0, start);
        crowd.handle(Input::Time, later);
        assert_eq!(connects(&mut crowd), 0);
        crowd.handle(Input::Lost { client: 0, why: "hung up" }, later);
        crowd.handle(Input::Time, later);
        assert_eq!(connects(&mut crowd), 1);
        assert_eq!(crowd.person(0).connect_due, start);
    }
}
