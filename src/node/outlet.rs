//! What the node needs of an open connection: the seam behind which any Socket.IO engine can stand.

use serde_json::value::RawValue;

use crate::dialect::Answering;

/// The way back to one client. Calls never block; what is accepted arrives in order.
pub trait Outlet: Send {
    /// Sends an event. `null` stands for no argument: none is sent.
    fn emit(&self, event: &str, argument: &RawValue) -> Result<(), Undelivered>;

    /// Answers an event of the client.
    fn acknowledge(&self, number: u64, argument: &RawValue) -> Result<(), Undelivered>;

    /// Sends a part of an answer. `number` is that of the acknowledgement, where the client wants one.
    fn answer(&self, number: Option<u64>, part: &Answering) -> Result<(), Undelivered> {
        match (part, number) {
            (Answering::Acknowledgement(argument), Some(number)) => self.acknowledge(number, argument),
            (Answering::Acknowledgement(_), None) => Ok(()),
            (Answering::Event(said), _) => self.emit(said.event, &said.argument),
        }
    }

    /// Whether the client asks for what there is, instead of being sent it.
    fn polls(&self) -> bool {
        false
    }

    /// Says good-bye after everything sent: the client knows it was meant and does not come back by itself.
    fn dismiss(&self);

    /// Closes the transport at once: the client comes back by itself, here or elsewhere.
    fn cut(&self);
}

/// Why something could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// As many messages as allowed wait for this client already.
    Full,
    /// The connection is closed.
    Closed,
}
