//! An operation as a command: which script, which keys, which arguments, and how to read the reply.

use std::sync::Arc;

use redis::Cmd;

use super::Clock;
use super::keys::Keys;
use super::reply::Expected;
use super::scripts::{self, Script};
use super::text;
use crate::domain::id::{Address, RoomId, UserId};
use crate::domain::limits::{AVOIDED, MESSAGES_AT_ONCE, ROOM_MESSAGES, SEQUENCE_GAP};
use crate::domain::operation::{Operation, Search};
use crate::domain::proposal::Verdict;
use crate::domain::talk::Talk;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// Seconds that a room is kept after its opening and after each message: a day. A silent room that is forgotten is
/// opened again by its members' nodes; what stays are rooms that nobody closed because every node that knew them is
/// gone.
const ROOM_SECONDS: u32 = 24 * 3_600;
/// Seconds that a session is known after it was last heard of: a week, longer than anybody stays in one talk.
const SESSION_SECONDS: u32 = 7 * 24 * 3_600;
/// Sessions before the former one that are remembered, because those that follow them may not have heard of them.
const SESSIONS_BEFORE: u32 = 8;
/// The longest life of a history, ms: ten years, for those that never end.
const HISTORY_MS: u64 = 10 * 365 * 24 * 3_600_000;
/// The largest whole number that a script counts exactly.
pub(super) const MOST: u64 = 1 << 53;

/// A command that can be sent as often as it takes.
pub(super) struct Call {
    pub(super) command: Cmd,
    /// The script that it names by hash.
    script: Option<&'static Script>,
    pub(super) expected: Expected,
}

impl Call {
    /// A command whose answer is read by whoever asks.
    pub(super) fn plain(command: Cmd) -> Self {
        plain(command, Expected::Done)
    }

    /// A script whose answer is read by whoever asks.
    pub(super) fn script(script: &'static Script, keys: &[String], arguments: &[&str]) -> Self {
        call(arg(evaluate(script, keys), arguments), script, Expected::Done)
    }

    /// The same with the script's text in place of its hash, which leaves it known to the server.
    pub(super) fn in_full(&self) -> Option<Cmd> {
        let mut command = redis::cmd("EVAL");
        command.arg(self.script?.source);
        // What follows the command's name and the hash.
        for argument in self.command.args_iter().skip(2) {
            if let redis::Arg::Simple(bytes) = argument {
                command.arg(bytes);
            }
        }
        Some(command)
    }
}

/// What an operation comes to.
pub(super) enum Request {
    /// A call of its own.
    Call(Call),
    /// A message that goes with others of its room.
    Append(RoomId, Append),
}

/// A chat message to be written. `submission` names this one submission, however often it is sent.
#[derive(Clone)]
pub(super) struct Append {
    pub(super) from: UserId,
    pub(super) content: Arc<str>,
    pub(super) client_message_id: Option<Arc<str>>,
    pub(super) submission: String,
    pub(super) now: Time,
}

/// Makes calls of operations.
pub(super) struct Caller {
    pub(super) keys: Keys,
    pub(super) clock: Clock,
}

impl Caller {
    /// What carries out `operation`; `submission` is a name that no other one has.
    pub(super) fn request(&self, operation: Operation, submission: String, now: Time) -> Request {
        Request::Call(match operation {
            Operation::Attach { user, pool, address, since } => {
                self.attach(&user, pool, &address, since, now)
            }
            Operation::Register { user, pool, address, rank, talk } => {
                self.register(&user, pool, &address, rank, talk.as_deref())
            }
            Operation::Locate { user, pool } => {
                let command = arg(redis::cmd("HGET"), self.keys.session(&user, pool));
                plain(arg(command, "address"), Expected::Located)
            }
            Operation::Reclaim { pool, user, owner } => {
                let mut command = self.of_pool(&scripts::RECLAIM, pool, now);
                command.arg(text::escaped(user.as_str())).arg(text::address(&owner));
                call(command, &scripts::RECLAIM, Expected::Reclaimed(pool))
            }
            Operation::Detach { user, pool, address } => {
                let command = evaluate(&scripts::DETACH, &[self.keys.session(&user, pool)]);
                call(arg(command, text::address(&address)), &scripts::DETACH, Expected::Done)
            }
            Operation::Remember { user, pool, partner, until } => {
                self.remember(&user, pool, &partner, until, now)
            }
            Operation::Search(search) => self.search(&search, now),
            Operation::Withdraw { pool, ticket } => {
                let command = arg(self.of_pool(&scripts::WITHDRAW, pool, now), text::ticket_id(ticket));
                call(command, &scripts::WITHDRAW, Expected::Withdrawn(pool))
            }
            Operation::Renew { pool, tickets, lease_until } => {
                let mut command = arg(self.of_pool(&scripts::RENEW, pool, now), lease_until.as_ms());
                command.arg(tickets.iter().copied().map(text::ticket_id).collect::<Vec<_>>());
                call(command, &scripts::RENEW, Expected::Renewed(pool, tickets))
            }
            Operation::Answer { pool, proposal, user, verdict } => {
                let mut command = arg(self.of_pool(&scripts::ANSWER, pool, now), proposal.to_string());
                command.arg(text::escaped(user.as_str())).arg(verdict_word(verdict));
                call(command, &scripts::ANSWER, Expected::Answered(pool))
            }
            Operation::Expire { pool, proposal } => {
                let command = arg(self.of_pool(&scripts::EXPIRE, pool, now), proposal.to_string());
                call(command, &scripts::EXPIRE, Expected::Expired(pool))
            }
            Operation::OpenRoom { pool, room, members: [one, other], heard, written } => {
                let [room, ..] = self.keys.room(room);
                let mut command = evaluate(&scripts::OPEN_ROOM, &[room]);
                command.arg(one.as_str()).arg(other.as_str());
                // Nothing was heard of a room that begins: it has forgotten no number, and gives none beyond.
                let (heard, gap) =
                    heard.map_or((0, 0), |heard| (heard.min(MOST - SEQUENCE_GAP), SEQUENCE_GAP));
                command.arg(heard).arg(heard + gap).arg(ROOM_SECONDS);
                command.arg(&written.map(|count| count.min(MOST))).arg(pool.0);
                call(command, &scripts::OPEN_ROOM, Expected::Done)
            }
            Operation::Rejoin { room, user } => {
                let [room, ..] = self.keys.room(room);
                let mut command = arg(redis::cmd("HMGET"), room);
                command.arg("a").arg("b").arg("last");
                plain(command, Expected::Rejoined(user))
            }
            Operation::CloseRoom { room } => {
                plain(arg(redis::cmd("UNLINK"), &self.keys.room(room)), Expected::Done)
            }
            Operation::Append { room, from, content, client_message_id } => {
                let append = Append { from, content, client_message_id, submission, now };
                return Request::Append(room, append);
            }
            Operation::Hall { pool, request } => self.of_halls(pool, request, now),
            Operation::Messages { room, after } => {
                let [_, _, messages] = self.keys.room(room);
                let mut command = arg(redis::cmd("XRANGE"), messages);
                command.arg(format!("({after}-0")).arg("+").arg("COUNT").arg(MESSAGES_AT_ONCE);
                plain(command, Expected::Messages)
            }
        })
    }

    fn attach(&self, user: &UserId, pool: PoolId, address: &Address, since: Time, now: Time) -> Call {
        let keys = [self.keys.history(user, pool), self.keys.session(user, pool)];
        let mut command = self.timed(&scripts::ATTACH, &keys, now);
        command.arg(text::address(address)).arg(SESSION_SECONDS).arg(since.as_ms()).arg(SESSIONS_BEFORE);
        call(command, &scripts::ATTACH, Expected::Attached)
    }

    fn register(
        &self,
        user: &UserId,
        pool: PoolId,
        address: &Address,
        rank: Time,
        talk: Option<&Talk>,
    ) -> Call {
        let mut command = evaluate(&scripts::REGISTER, &[self.keys.session(user, pool)]);
        command.arg(text::address(address)).arg(talk.map(text::talk).unwrap_or_default());
        command.arg(SESSION_SECONDS).arg(rank.as_ms());
        call(command, &scripts::REGISTER, Expected::Registered)
    }

    fn remember(&self, user: &UserId, pool: PoolId, partner: &UserId, until: Time, now: Time) -> Call {
        let mut command = self.timed(&scripts::REMEMBER, &[self.keys.history(user, pool)], now);
        command.arg(partner.as_str()).arg(until.as_ms()).arg(AVOIDED).arg(HISTORY_MS);
        call(command, &scripts::REMEMBER, Expected::Done)
    }

    fn search(&self, search: &Search, now: Time) -> Call {
        let Search { plan, proposal, room, accept_within, agreed, lease_until, most_waiting } = search;
        let ticket = &plan.ticket;
        let most_waiting = u64::try_from(*most_waiting).unwrap_or(MOST).min(MOST);
        let mut command = self.of_pool(&scripts::SEARCH, ticket.pool, now);
        command
            .arg(text::ticket_id(ticket.id))
            .arg(plan.replaces.map(text::ticket_id).unwrap_or_default())
            .arg(proposal.to_string())
            .arg(room.to_string())
            .arg(u64::try_from(accept_within.as_millis()).unwrap_or(MOST))
            .arg(lease_until.as_ms())
            .arg(most_waiting)
            .arg(plan.candidates)
            .arg(text::direction(plan.listed_in.direction))
            .arg(text::bucket(&plan.listed_in))
            .arg(plan.order.effective_ms)
            .arg(plan.stage.number())
            .arg(text::age(ticket.attributes.age))
            .arg(text::age(plan.accepts_age.min))
            .arg(text::age(plan.accepts_age.max))
            .arg(text::escaped(ticket.user.as_str()))
            .arg(text::users(&ticket.avoid))
            .arg(ticket.enqueued_at.as_ms())
            .arg(text::body(ticket));
        // Whom a ticket may meet is of one direction: the reverse of its own.
        let direction =
            plan.look_in.first().map_or(plan.listed_in.direction.reverse(), |first| first.direction);
        let mut look_in = String::from(",");
        for bucket in &plan.look_in {
            debug_assert_eq!(bucket.direction, direction, "a plan looks in one direction");
            look_in.push_str(&text::bucket(bucket));
            look_in.push(',');
        }
        command.arg(text::direction(direction)).arg(look_in);
        command.arg(plan.after.map(text::place).unwrap_or_default()).arg(u8::from(*agreed));
        call(command, &scripts::SEARCH, Expected::Searched(ticket.pool))
    }

    /// Writes messages in a room, in this order, at the moment of the first. How to read the answer is for who
    /// has the messages.
    pub(super) fn append(&self, room: RoomId, appends: &[Append]) -> Call {
        let now = appends.first().map_or(Time::from_ms(0), |first| first.now);
        let mut command = self.timed(&scripts::APPEND, &self.keys.room(room), now);
        command.arg(ROOM_MESSAGES).arg(ROOM_SECONDS);
        for Append { from, content, client_message_id, submission, now: _ } in appends {
            command
                .arg(from.as_str())
                .arg(&**content)
                .arg(client_message_id.as_deref().unwrap_or_default())
                .arg(u8::from(client_message_id.is_some()))
                .arg(submission);
        }
        call(command, &scripts::APPEND, Expected::Done)
    }

    fn of_pool(&self, script: &'static Script, pool: PoolId, now: Time) -> Cmd {
        self.timed(script, &self.keys.pool(pool), now)
    }

    /// A script whose first two arguments say what time it is, and whose clock decides.
    pub(super) fn timed(&self, script: &'static Script, keys: &[String], now: Time) -> Cmd {
        let mut command = evaluate(script, keys);
        command.arg(now.as_ms()).arg(match self.clock {
            Clock::Caller => "0",
            Clock::Server => "1",
        });
        command
    }
}

fn evaluate(script: &Script, keys: &[String]) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(&script.hash).arg(keys.len()).arg(keys);
    command
}

fn arg(mut command: Cmd, argument: impl redis::ToRedisArgs) -> Cmd {
    command.arg(argument);
    command
}

fn plain(command: Cmd, expected: Expected) -> Call {
    Call { command, script: None, expected }
}

pub(super) fn call(command: Cmd, script: &'static Script, expected: Expected) -> Call {
    Call { command, script: Some(script), expected }
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accept",
        Verdict::Reject => "reject",
        Verdict::Leave => "leave",
    }
}
