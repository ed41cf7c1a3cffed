//! The machine, input by input: each test gives an input, asserts the exact list of effects with nothing
//! left over, and then moves time.

mod announcing;
mod anyone;
mod arriving;
mod at_once;
mod burying;
mod chat;
mod closing;
mod consulting;
mod ending;
mod going_down;
mod hall_news;
mod halls;
mod harness;
mod intervening;
mod joining;
mod ladder;
mod late_news;
mod leaving;
mod limits;
mod moving;
mod order;
mod proposing;
mod rebuilding;
mod reconnecting;
mod rejoining;
mod scenes;
mod silence;
mod skipping;
mod talking;
mod telling;
mod timers;
mod words;

use std::sync::Arc;
use std::time::Duration;

use super::super::command::{Command, Refusal, Reply, RoomRef, Scope};
use super::super::criteria::{AgeRange, Stage, Strict};
use super::super::envelope::Envelope;
use super::super::event::{Event, TicketEnd};
use super::super::id::{AckId, ConnectionId, OperationId, RoomId, UserId};
use super::super::limits::{AVOIDED, Limits, MESSAGES_AT_ONCE, PerMinute, RENEWED_AT_ONCE};
use super::super::notice::{Notice, Resumed};
use super::super::operation::{
    Answered, Appended, Attached, Expired, Operation, Outcome, Place, Registered, Searched,
};
use super::super::operation::{Standing, Withdrawn};
use super::super::person::{Gender, Proficiency};
use super::super::policy::{Acceptance, Choice, JoinAgain, Policy};
use super::super::proposal::{Failure, Proposal, Verdict};
use super::super::talk::{ChatMessage, Departure, Payload, Quality, SignalKind, Talk};
use super::super::ticket::{Order, PoolId, Priority, Ticket};
use super::super::time::Time;
use super::{Comer, Effect, Input};
use harness::Scripted;
use scenes::*;
use words::*;
