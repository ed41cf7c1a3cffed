//! A viewer's eyes: pictures of everybody who shares a Redis, in a handful of round trips however many people there
//! are, and the way of a viewer's orders to the nodes.
//!
//! Nothing is searched for: nodes tell how they are, lists are read by page, and of those who wait the first few
//! hundred of one queue are looked at.

use std::fmt;
use std::time::Duration;

use redis::Value;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::address::Kind;
use super::call::Call;
use super::inbox;
use super::keeper::{self, Keeping};
use super::keys::Keys;
use super::link::{Fault, fault};
use super::{Settings, Timeouts, scripts};
use crate::domain::id::NodeId;
use crate::store::snapshot::{Cost, Member, Order, Ordered, Outcome, Snapshot, StoreHealth, Survey};

mod asking;
mod health;
mod look;
mod reading;

use asking::Asking;
use look::{Asked, Looked};
use reading::Nodes;

/// A node that was silent for longer is gone.
const GONE_AFTER_MS: u64 = 5_000;

/// Looks into a Redis that nodes share.
pub struct Surveyor {
    keys: Keys,
    keeping: Keeping,
    timeouts: Timeouts,
    kind: &'static str,
    address: String,
    /// The task that keeps the connection; it ends with this.
    _keeper: JoinSet<()>,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSurveyed {
    /// There is no connection.
    Unreachable,
    /// No answer in time.
    Silent,
    /// It answers, but refuses.
    Refused(String),
}

impl fmt::Display for NotSurveyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("redis cannot be reached"),
            Self::Silent => f.write_str("redis does not answer"),
            Self::Refused(reason) => write!(f, "redis refuses: {reason}"),
        }
    }
}

impl std::error::Error for NotSurveyed {}

impl Surveyor {
    /// What a viewer waits for: less than a picture may be old before it is known as stale.
    pub fn timeouts() -> Timeouts {
        Timeouts {
            connect: Duration::from_millis(500),
            dial: Duration::from_millis(900),
            response: Duration::from_millis(800),
            operation: Duration::from_millis(900),
        }
    }

    /// Begins to connect at once, by a task on `runtime`.
    pub fn new(settings: Settings, runtime: &Handle) -> Self {
        let Settings { url, prefix, timeouts, clock: _ } = settings;
        let kind = match &url.kind {
            Kind::Single => "redis",
            Kind::Sentinel(_) => "redis-sentinel",
            Kind::Cluster => "redis-cluster",
        };
        let address = url.to_string();
        let (keeping, task) = keeper::keep(url, timeouts);
        let mut keeper = JoinSet::new();
        keeper.spawn_on(task, runtime);
        Self { keys: Keys::new(&prefix), keeping, timeouts, kind, address, _keeper: keeper }
    }

    /// Where Redis is, without a password.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for a connection that comes after number `told`, and tells its number.
    pub async fn connected_since(&self, told: u64) -> u64 {
        self.keeping.connected_since(told).await
    }

    /// The number of the connection that stands, or of the last that did.
    pub fn generation(&self) -> u64 {
        self.keeping.generation()
    }

    /// Whether Redis answers: one command.
    pub async fn probe(&self) -> Result<(), NotSurveyed> {
        let mut asking = Asking::new(self);
        let asked = asking.one(Call::script(&scripts::SURVEY_NODES, &[self.keys.nodes()], &[]));
        timeout(self.timeouts.operation, asked).await.unwrap_or(Err(NotSurveyed::Silent)).map(drop)
    }

    /// A picture of this moment.
    pub async fn snapshot(&self, survey: &Survey) -> Result<Snapshot, NotSurveyed> {
        let taking = self.take(survey);
        timeout(self.timeouts.operation, taking).await.unwrap_or(Err(NotSurveyed::Silent))
    }

    async fn take(&self, survey: &Survey) -> Result<Snapshot, NotSurveyed> {
        let began = Instant::now();
        let mut asking = Asking::new(self);
        let beats = asking.one(Call::script(&scripts::SURVEY_NODES, &[self.keys.nodes()], &[])).await?;
        let latency = began.elapsed();
        let Nodes { now_ms, names } = Nodes::read(beats, GONE_AFTER_MS).ok_or_else(strange)?;
        let asked = Asked::new(&self.keys, survey, &names);
        let answers = asking.all(asked.calls()).await?;
        let Looked { nodes, events, health, sight } = self.look(&mut asking, asked, answers).await?;
        let picture = Snapshot::of(now_ms, nodes, survey, sight);
        let store = StoreHealth {
            kind: self.kind.to_owned(),
            address: self.address.clone(),
            latency_us: micros(latency),
            ..health
        };
        Ok(Snapshot {
            store,
            events,
            cost: Cost { took_us: micros(began.elapsed()), ..asking.cost() },
            ..picture
        })
    }

    /// Gives an order to the nodes that it concerns.
    pub async fn order(&self, ordered: &Ordered) -> Result<Outcome, NotSurveyed> {
        let giving = async {
            let mut asking = Asking::new(self);
            for node in concerned(&ordered.order) {
                let command = inbox::order(&self.keys.inbox(&NodeId::new(node)), ordered);
                if asking.one(Call::plain(command)).await? != Value::Nil {
                    return Ok(Outcome::Given);
                }
            }
            Ok(Outcome::NotFound)
        };
        timeout(self.timeouts.operation, giving).await.unwrap_or(Err(NotSurveyed::Silent))
    }

    /// One batch of commands, and its answers.
    async fn ask(&self, calls: &[Call]) -> Result<Vec<Value>, NotSurveyed> {
        let (generation, mut link) = self.keeping.link(0).await.ok_or(NotSurveyed::Unreachable)?;
        let commands: Vec<_> = calls.iter().map(|call| &call.command).collect();
        let lost = |reason| {
            self.keeping.report_lost(generation);
            reason
        };
        let answers = match timeout(self.timeouts.response, link.ask_all(&commands)).await {
            Err(_) => return Err(lost(NotSurveyed::Silent)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no picture of Redis");
                return Err(lost(NotSurveyed::Unreachable));
            }
            Ok(Ok(answers)) => answers,
        };
        let mut values = Vec::with_capacity(answers.len());
        for answer in answers {
            values.push(match answer {
                Ok(value) => value,
                Err(error) => match fault(&error) {
                    // A new connection has every script, and leads to whoever answers now.
                    Fault::NoScript | Fault::Link => {
                        return Err(lost(NotSurveyed::Refused(error.to_string())));
                    }
                    Fault::Moment => return Err(NotSurveyed::Refused(error.to_string())),
                    // What this viewer may not see, it does not see; the rest it does.
                    Fault::Final => {
                        tracing::debug!(%error, "Redis refused a part of a picture");
                        Value::Nil
                    }
                },
            });
        }
        Ok(values)
    }
}

/// The nodes that an order goes to: the first that takes it carries it out.
fn concerned(order: &Order) -> Vec<&str> {
    match order {
        Order::Drain { node } | Order::Disconnect { node, .. } => vec![node],
        Order::CloseRoom { members, .. } => {
            members.iter().map(|Member { node, .. }| node.as_str()).filter(|node| !node.is_empty()).collect()
        }
    }
}

fn strange() -> NotSurveyed {
    NotSurveyed::Refused("what it answers means nothing: its keys were written by something else".to_owned())
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
