//! Sees to what operators order, on this node and by way of the store on all others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::{Authenticator, Bans, Given, NotDone, TooMany};
use crate::metrics::Counter;
use crate::node::Node;
use crate::socket::Admissions;
use crate::store::redis::ControlStream;
use crate::store::{BanOrder, Heard};

/// How often it is looked for orders that were given elsewhere.
const LISTENS_EVERY: Duration = Duration::from_millis(400);

/// Everything that an order is about.
pub(super) struct Ordering {
    pub(super) node: Arc<Node>,
    pub(super) bans: Arc<Bans>,
    pub(super) admissions: Arc<Admissions>,
    pub(super) authenticators: Vec<Arc<Authenticator>>,
    /// What all nodes hear; `None` where there are no others.
    pub(super) stream: Option<ControlStream>,
}

impl Ordering {
    /// Sees to the orders that are given here and heard of, until it is dropped.
    pub(super) async fn run(mut self, mut given: mpsc::Receiver<Given>) {
        let mut listens = interval(LISTENS_EVERY);
        listens.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(Given { order, done }) = given.recv() => {
                    // Who asked may have given up.
                    let _ = done.send(self.pass_on(&order).await);
                }
                _ = listens.tick() => self.listen().await,
            }
        }
    }

    /// An order that is given here.
    async fn pass_on(&mut self, order: &BanOrder) -> Result<(), NotDone> {
        self.obey(order).map_err(|TooMany| NotDone::TooMany)?;
        match &self.stream {
            Some(stream) if !stream.give(order).await => Err(NotDone::HereAlone),
            Some(_) | None => Ok(()),
        }
    }

    /// Orders that were given elsewhere, or here a moment ago.
    async fn listen(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        match stream.hear().await {
            Some(Heard::Orders(orders)) => {
                for order in &orders {
                    // It is counted; nobody waits for an answer.
                    let _ = self.obey(order);
                }
            }
            Some(Heard::Forgotten) => {
                tracing::warn!("the store forgot who is put out: it is told again");
                for order in self.bans.all(self.node.clock().now()) {
                    if !stream.give(&order).await {
                        return;
                    }
                }
            }
            // It is away: what holds goes on to hold.
            None => {}
        }
    }

    fn obey(&self, order: &BanOrder) -> Result<(), TooMany> {
        let now = self.node.clock().now();
        if let Err(TooMany) = self.bans.obey(order, now) {
            self.node.counters().add(Counter::BansOverLimit);
            tracing::error!("as many users are put out as may be: one more is not");
            return Err(TooMany);
        }
        for authenticator in &self.authenticators {
            authenticator.forget(order.user());
        }
        if self.bans.holds(order.user(), now) {
            self.admissions.expel(order.user());
        }
        Ok(())
    }
}
