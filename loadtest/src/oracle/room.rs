//! A room, as those in it were told of it, and what they said in it.

use crate::event::{Client, Message, Stream};

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    /// Those who were told of it, the first first; two at most.
    pub(super) sides: Vec<Side>,
    /// Whom the first was told of.
    pub(super) partner: Client,
    /// One of them lost its connection meanwhile.
    pub(super) shaken: bool,
}

/// One of the two.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) client: Client,
    pub(super) initiator: Option<bool>,
    /// The talk that its messages name.
    pub(super) sent_in: Option<u32>,
    pub(super) closed: bool,
    /// Bit n: message n, of signals and of lines.
    sent: [u64; 2],
    heard: [u64; 2],
}

/// Where a message stands among those heard before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Next,
    Again,
    Late,
}

impl Room {
    pub(super) fn new(first: Side, partner: Client, shaken: bool) -> Self {
        Self { sides: vec![first], partner, shaken }
    }

    pub(super) fn side_mut(&mut self, client: Client) -> Option<&mut Side> {
        self.sides.iter_mut().find(|side| side.client == client)
    }

    /// The one of the two who is not `client`.
    pub(super) fn other(&self, client: Client) -> Client {
        if self.partner == client { self.sides[0].client } else { self.partner }
    }

    /// How many signals and lines of the other one the client has not heard. `None` if there is no other.
    pub(super) fn missing(&self, client: Client) -> Option<[u32; 2]> {
        let mine = self.sides.iter().find(|side| side.client == client)?;
        let theirs = self.sides.iter().find(|side| side.client != client)?;
        Some([0, 1].map(|stream| (theirs.sent[stream] & !mine.heard[stream]).count_ones()))
    }
}

impl Side {
    pub(super) const fn new(client: Client, initiator: Option<bool>) -> Self {
        Self { client, initiator, sent_in: None, closed: false, sent: [0; 2], heard: [0; 2] }
    }

    pub(super) fn send(&mut self, message: &Message) {
        self.sent_in = Some(message.talk);
        self.sent[message.stream as usize] |= 1_u64.wrapping_shl(message.number);
    }

    pub(super) fn hear(&mut self, stream: Stream, number: u32) -> Order {
        let bit = 1_u64.wrapping_shl(number);
        let heard = &mut self.heard[stream as usize];
        if *heard & bit != 0 {
            return Order::Again;
        }
        let late = *heard >= bit;
        *heard |= bit;
        if late { Order::Late } else { Order::Next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_heard_once_and_in_order() {
        let mut side = Side::new(1, None);
        let heard = [0, 1, 1, 3, 2, 63].map(|number| side.hear(Stream::Chat, number));
        assert_eq!(heard, [Order::Next, Order::Next, Order::Again, Order::Next, Order::Late, Order::Next]);
        assert_eq!(side.hear(Stream::Signal, 0), Order::Next);
    }
}
