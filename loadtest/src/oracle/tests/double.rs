//! A server of the qala dialect that does its job in the plainest way, or does one thing wrong. It reads and writes
//! with the server's half of the dialect, and matches by the domain's rules: the oracle has neither.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use qala::dialect::{Answering, Dialect};
use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::criteria::{Criteria, Ladder, Stage};
use qala::domain::id::{Entropy, NodeId, ProposalId, RoomId, UserId};
use qala::domain::limits::Limits;
use qala::domain::notice::{Found, Notice, Partner, Resumed};
use qala::domain::person::Attributes;
use qala::domain::proposal::Failure;
use qala::domain::talk::{ChatMessage, Departure};
use qala::domain::time::Time;

use crate::event::Client;
use crate::random::Random;
use crate::time::Moment;

/// When wishes relax.
pub(super) const STAGE_SECONDS: [f64; 5] = [0.0, 2.0, 4.0, 6.0, 8.0];

/// What it does wrong: always, or every few times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    MatchesTwice,
    MatchesWithItself,
    TellsOneSide,
    SwapsRooms,
    BothBegin,
    AsksNobody,
    NamesStrangers,
    IgnoresWishes,
    ClaimsALaterStage,
    MatchesAgain,
    ForgetsWaiters,
    RelaysElsewhere,
    Doubles,
    Reorders,
    Drops,
    KeepsLeavingSecret,
    AnswersTwice,
    AnswersNot,
}

/// What the server sends.
pub(super) enum Out {
    Packet(Client, String),
    Answer(Client, u32, String),
}

#[derive(Clone)]
struct Waiting {
    client: Client,
    is: Attributes,
    wants: Criteria,
    since: Time,
}

struct Match {
    sides: [Waiting; 2],
    room: RoomId,
    accepted: [bool; 2],
    stages: [Stage; 2],
}

struct Dice(Random);

impl Entropy for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0.next()
    }
}

/// The server.
pub(super) struct Double {
    fault: Fault,
    dice: Dice,
    waiting: Vec<Waiting>,
    matches: BTreeMap<ProposalId, Match>,
    met: BTreeSet<(Client, Client)>,
    lines: HashMap<RoomId, u64>,
    held_back: Option<Out>,
    times: u32,
    looks_at: Moment,
    away: BTreeSet<Client>,
    kept: BTreeMap<Client, Vec<String>>,
}

fn user(client: Client) -> UserId {
    UserId::new(format!("user-{client}"))
}

/// Wishes relax fast.
fn ladder() -> Ladder {
    Ladder { opens_after: STAGE_SECONDS.map(Duration::from_secs_f64), ..Ladder::default() }
}

fn time(now: Moment) -> Time {
    Time::from_ms(now.as_us() / 1_000)
}

impl Double {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            dice: Dice(Random::new(7)),
            waiting: Vec::new(),
            matches: BTreeMap::new(),
            met: BTreeSet::new(),
            lines: HashMap::new(),
            held_back: None,
            times: 0,
            looks_at: Moment::default(),
            away: BTreeSet::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Wishes relax with time: it looks four times a second.
    pub(super) fn next_look(&self) -> Option<Moment> {
        (!self.waiting.is_empty()).then_some(self.looks_at)
    }

    pub(super) fn look(&mut self, now: Moment) -> Vec<Out> {
        let mut said = Vec::new();
        if now >= self.looks_at {
            self.looks_at = now + Duration::from_millis(250);
            self.match_all(now, &mut said);
        }
        said
    }

    pub(super) fn enter(&mut self, client: Client, now: Moment) -> Vec<Out> {
        let mut said = Vec::new();
        let welcome = Notice::Welcome { user: user(client), guest: true, node: NodeId::new("double") };
        tell(client, &welcome, &mut said);
        if self.away.remove(&client) {
            tell(client, &Notice::Resumed(self.stands(client, now)), &mut said);
            for text in self.kept.remove(&client).unwrap_or_default() {
                said.push(Out::Packet(client, text));
            }
        }
        said
    }

    pub(super) fn drop_client(&mut self, client: Client) {
        self.away.insert(client);
    }

    fn stands(&self, client: Client, now: Moment) -> Resumed {
        if self.waiting.iter().any(|waiting| waiting.client == client) {
            return Resumed::Waiting { stage: Stage::Exact };
        }
        let Some((proposal, side)) = self.match_of(client) else { return Resumed::Idle };
        let matched = &self.matches[&proposal];
        if matched.accepted == [true, true] {
            let other = &matched.sides[1 - side];
            let (room, partner) = (matched.room, partner(other));
            return Resumed::Talking {
                proposal,
                room,
                partner,
                initiator: side == 0,
                last_sequence: 0,
                told: false,
            };
        }
        Resumed::Proposed(self.found(proposal, side, now))
    }

    pub(super) fn take(&mut self, client: Client, ack: Option<u32>, packet: &str, now: Moment) -> Vec<Out> {
        let mut said = Vec::new();
        if self.away.contains(&client) {
            return said;
        }
        let command = Dialect::Qala.decode(packet, &Limits::default()).command.expect("clients write well");
        let mut answer = Ok(Reply::Done);
        let mut after = Vec::new();
        match command {
            Command::Join { attributes, criteria } => {
                self.waiting.retain(|waiting| waiting.client != client);
                let since = time(now);
                self.waiting.push(Waiting { client, is: attributes, wants: criteria, since });
                self.match_all(now, &mut after);
            }
            Command::LeaveQueue => self.waiting.retain(|waiting| waiting.client != client),
            Command::Accept(proposal) => answer = self.accept(client, proposal, &mut after),
            Command::Reject(proposal) => self.reject(client, proposal, &mut after),
            Command::Signal { room: _, kind, payload } => {
                let from = user(client);
                self.relay(client, |room| Notice::Signal { room, kind, payload, from }, &mut after);
            }
            Command::Chat { content, .. } => answer = self.chat(client, content, now, &mut after),
            Command::LeaveRoom(_) => self.leave(client, &mut after),
            other @ (Command::Skip { .. }
            | Command::Typing { .. }
            | Command::Heartbeat
            | Command::WhoAmI
            | Command::CallFailed
            | Command::Quality { .. }
            | Command::Rejoin { .. }
            | Command::Hall(_)
            | Command::Sync { .. }) => panic!("no client says {other:?}"),
        }
        self.answer(client, ack, &answer, &mut said);
        said.extend(after);
        self.keep_for_the_absent(said)
    }

    fn answer(
        &mut self,
        client: Client,
        ack: Option<u32>,
        answer: &Result<Reply, Refusal>,
        said: &mut Vec<Out>,
    ) {
        let Some(id) = ack else { return };
        let fault = self.fault;
        let is_of_answers = matches!(fault, Fault::AnswersTwice | Fault::AnswersNot);
        let times = match (is_of_answers && self.now_and_then(), fault) {
            (true, Fault::AnswersTwice) => 2,
            (true, _) => 0,
            (false, _) => 1,
        };
        for _ in 0..times {
            Dialect::Qala.answer(0, answer, Time::default(), &mut |part| {
                if let Answering::Acknowledgement(argument) = part {
                    said.push(Out::Answer(client, id, format!("[{argument}]")));
                }
            });
        }
    }

    fn keep_for_the_absent(&mut self, said: Vec<Out>) -> Vec<Out> {
        let mut here = Vec::new();
        for out in said {
            match out {
                Out::Packet(client, text) if self.away.contains(&client) => {
                    self.kept.entry(client).or_default().push(text);
                }
                out @ (Out::Packet(..) | Out::Answer(..)) => here.push(out),
            }
        }
        here
    }

    /// Every seventh time.
    fn now_and_then(&mut self) -> bool {
        self.times += 1;
        self.times.is_multiple_of(7)
    }

    fn match_all(&mut self, now: Moment, said: &mut Vec<Out>) {
        while let Some((one, other, stages)) = self.two_who_fit(now) {
            let twice = self.fault == Fault::MatchesTwice && self.now_and_then();
            let second = self.waiting[other].clone();
            let first = self.waiting[one].clone();
            self.waiting.retain(|waiting| {
                waiting.client != second.client && (waiting.client != first.client || twice)
            });
            self.met.insert((first.client, second.client));
            self.met.insert((second.client, first.client));
            let proposal = ProposalId::random(&mut self.dice);
            let room = RoomId::random(&mut self.dice);
            let matched = Match { sides: [first, second], room, accepted: [false; 2], stages };
            self.matches.insert(proposal, matched);
            self.propose(proposal, now, said);
        }
    }

    fn two_who_fit(&mut self, now: Moment) -> Option<(usize, usize, [Stage; 2])> {
        let is_of_choice = matches!(self.fault, Fault::IgnoresWishes | Fault::MatchesAgain);
        let wrong = is_of_choice && self.now_and_then();
        let forgotten = |one: &Waiting| self.fault == Fault::ForgetsWaiters && one.client < 8;
        for (place, one) in self.waiting.iter().enumerate() {
            for (other_place, other) in self.waiting.iter().enumerate().skip(place + 1) {
                let stages = [one, other].map(|side| ladder().stage_at(side.since, time(now)));
                let again = self.met.contains(&(one.client, other.client));
                let here = !self.away.contains(&one.client) && !self.away.contains(&other.client);
                let fit = fits(one, other, stages[0]) && fits(other, one, stages[1]);
                let pair = one.is.direction() == other.is.direction().reverse();
                let fit = fit || (wrong && pair && self.fault == Fault::IgnoresWishes);
                let met = again && !(wrong && self.fault == Fault::MatchesAgain);
                if fit && here && !met && !forgotten(one) && !forgotten(other) {
                    return Some((place, other_place, stages));
                }
            }
        }
        None
    }

    fn found(&self, proposal: ProposalId, side: usize, now: Moment) -> Found {
        let matched = &self.matches[&proposal];
        let (room, stage) = (matched.room, matched.stages[side]);
        let expires_at = time(now) + Duration::from_secs(20);
        let partner = partner(&matched.sides[1 - side]);
        Found { proposal, room, partner, expires_at, stage, initiator: side == 0 }
    }

    fn propose(&mut self, proposal: ProposalId, now: Moment, said: &mut Vec<Out>) {
        let clients = [0, 1].map(|side| self.matches[&proposal].sides[side].client);
        let wrong = self.fault != Fault::MatchesTwice && self.now_and_then();
        for side in [1, 0] {
            let mut found = self.found(proposal, side, now);
            let has = |fault| wrong && self.fault == fault;
            if has(Fault::TellsOneSide) && side == 0 {
                continue;
            }
            if has(Fault::MatchesWithItself) {
                found.partner.user = user(clients[side]);
            }
            if has(Fault::NamesStrangers) {
                found.partner.user = UserId::new("nobody");
            }
            if has(Fault::ClaimsALaterStage) {
                found.stage = Stage::PairOnly;
            }
            found.initiator |= self.fault == Fault::BothBegin;
            if has(Fault::SwapsRooms) && side == 0 {
                found.room = RoomId::random(&mut self.dice);
            }
            tell(clients[side], &Notice::MatchFound(found), said);
        }
        if self.fault == Fault::AsksNobody && wrong {
            self.agree(proposal, said);
        }
    }

    fn match_of(&self, client: Client) -> Option<(ProposalId, usize)> {
        self.matches.iter().find_map(|(proposal, matched)| {
            let side = matched.sides.iter().position(|side| side.client == client)?;
            Some((*proposal, side))
        })
    }

    fn accept(
        &mut self,
        client: Client,
        proposal: ProposalId,
        said: &mut Vec<Out>,
    ) -> Result<Reply, Refusal> {
        let matched = self.matches.get_mut(&proposal).ok_or(Refusal::NoSuchProposal)?;
        for (side, accepted) in matched.sides.iter().zip(&mut matched.accepted) {
            *accepted |= side.client == client;
        }
        if matched.accepted == [true, true] {
            self.agree(proposal, said);
        }
        Ok(Reply::Done)
    }

    fn agree(&mut self, proposal: ProposalId, said: &mut Vec<Out>) {
        let Some(matched) = self.matches.get_mut(&proposal) else { return };
        matched.accepted = [true, true];
        for side in [0, 1] {
            let partner = partner(&matched.sides[1 - side]);
            let ready = Notice::MatchReady { proposal, room: matched.room, partner, initiator: side == 0 };
            tell(matched.sides[side].client, &ready, said);
        }
    }

    /// Whoever rejects is not told of it.
    fn reject(&mut self, client: Client, proposal: ProposalId, said: &mut Vec<Out>) {
        let Some(matched) = self.matches.remove(&proposal) else { return };
        for side in matched.sides {
            let failed = Notice::MatchFailed { proposal, failure: Failure::Rejected, requeued: true };
            if side.client != client {
                tell(side.client, &failed, said);
            }
            self.waiting.push(side);
        }
    }

    fn chat(
        &mut self,
        client: Client,
        content: std::sync::Arc<str>,
        now: Moment,
        said: &mut Vec<Out>,
    ) -> Result<Reply, Refusal> {
        let (proposal, _) = self.match_of(client).ok_or(Refusal::NotInRoom)?;
        let room = self.matches[&proposal].room;
        let sequence = self.lines.entry(room).or_default();
        *sequence += 1;
        let message = ChatMessage {
            sequence: *sequence,
            own_sequence: *sequence,
            from: user(client),
            content,
            client_message_id: None,
            at: time(now),
        };
        let heard = message.clone();
        self.relay(client, |room| Notice::Chat { room, message: heard }, said);
        Ok(Reply::Sent { room, message })
    }

    fn relay(&mut self, client: Client, notice: impl FnOnce(RoomId) -> Notice, said: &mut Vec<Out>) {
        let Some((proposal, side)) = self.match_of(client) else { return };
        let matched = &self.matches[&proposal];
        let mut to = matched.sides[1 - side].client;
        let notice = notice(matched.room);
        let wrong = self.now_and_then();
        if wrong && self.fault == Fault::RelaysElsewhere {
            let others = self.matches.values().flat_map(|matched| &matched.sides);
            to = others.map(|side| side.client).find(|other| *other != to && *other != client).unwrap_or(to);
        }
        if wrong && self.fault == Fault::Drops {
            return;
        }
        let mut packets = Vec::new();
        tell(to, &notice, &mut packets);
        if wrong && self.fault == Fault::Doubles {
            tell(to, &notice, &mut packets);
        }
        if wrong && self.fault == Fault::Reorders && self.held_back.is_none() {
            self.held_back = packets.pop();
        }
        let is_to = |out: &Out| matches!(out, Out::Packet(client, _) if *client == to);
        let held = if wrong { None } else { self.held_back.take_if(|held| is_to(held)) };
        said.extend(packets);
        said.extend(held);
    }

    fn leave(&mut self, client: Client, said: &mut Vec<Out>) {
        let Some((proposal, side)) = self.match_of(client) else { return };
        let Some(matched) = self.matches.remove(&proposal) else { return };
        if self.fault == Fault::KeepsLeavingSecret && self.now_and_then() {
            return;
        }
        let left = Notice::PeerLeft { room: matched.room, user: user(client), departure: Departure::Left };
        tell(matched.sides[1 - side].client, &left, said);
    }
}

fn fits(one: &Waiting, other: &Waiting, stage: Stage) -> bool {
    ladder().wishes(&one.wants, stage).accept(&one.is, &other.is)
}

fn partner(side: &Waiting) -> Partner {
    let Attributes { speaks, learns, proficiency, .. } = side.is;
    Partner { user: user(side.client), speaks, learns, proficiency }
}

fn tell(client: Client, notice: &Notice, said: &mut Vec<Out>) {
    Dialect::Qala.notice(notice, None, Time::default(), &mut |outgoing| {
        said.push(Out::Packet(client, format!("[\"{}\",{}]", outgoing.event, outgoing.argument)));
    });
}
