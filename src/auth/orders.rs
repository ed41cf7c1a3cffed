//! How an operator's order gets from where it is given to the task that sees to it.

use tokio::sync::{mpsc, oneshot};

use crate::store::BanOrder;

/// Orders that may wait to be seen to.
const MOST_WAITING: usize = 64;

/// Takes orders in.
#[derive(Clone, Debug)]
pub struct Orders(mpsc::Sender<Given>);

/// An order, and who waits to hear what became of it.
pub struct Given {
    /// What is ordered.
    pub order: BanOrder,
    /// Where the answer goes.
    pub done: oneshot::Sender<Result<(), NotDone>>,
}

/// Why an order is not, or not everywhere, carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// As many users are put out as may be.
    TooMany,
    /// It holds on this node; other nodes may not have heard of it. It may be given again.
    HereAlone,
    /// Too many orders wait, or nobody sees to them any more.
    Busy,
}

impl Orders {
    /// A place for orders, and where they come out.
    pub fn taken() -> (Self, mpsc::Receiver<Given>) {
        let (orders, given) = mpsc::channel(MOST_WAITING);
        (Self(orders), given)
    }

    /// Gives an order, and waits for what becomes of it.
    pub async fn give(&self, order: BanOrder) -> Result<(), NotDone> {
        let (done, answer) = oneshot::channel();
        self.0.try_send(Given { order, done }).map_err(|_| NotDone::Busy)?;
        answer.await.unwrap_or(Err(NotDone::Busy))
    }
}
