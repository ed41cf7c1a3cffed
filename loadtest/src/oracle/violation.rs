//! What can be wrong, and that it was.

use crate::event::Client;
use crate::time::Moment;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Matched with oneself.
    Itself,
    /// In two matches, or matched without searching.
    Double,
    /// One side was told of a match, the other never.
    OneSided,
    /// The two sides name different rooms, or three name one.
    Rooms,
    /// Both sides were told to begin the call, or neither.
    Initiator,
    /// In a room before both said yes.
    Unasked,
    /// Matched with somebody who is none of the clients.
    Stranger,
    /// Matched against somebody's wish.
    Wish,
    /// Met again within the rematch window.
    Rematch,
    /// Could have been matched and was not.
    LeftWaiting,
    /// A message of another room, or of nobody.
    Stray,
    /// A message came twice.
    Doubled,
    /// A message came after a later one.
    Order,
    /// A message never came.
    Lost,
    /// Nobody said that the peer had left.
    Alone,
    /// An acknowledgement came twice.
    DoubleAnswer,
    /// An acknowledgement never came.
    NoAnswer,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 17] = [
        Self::Itself,
        Self::Double,
        Self::OneSided,
        Self::Rooms,
        Self::Initiator,
        Self::Unasked,
        Self::Stranger,
        Self::Wish,
        Self::Rematch,
        Self::LeftWaiting,
        Self::Stray,
        Self::Doubled,
        Self::Order,
        Self::Lost,
        Self::Alone,
        Self::DoubleAnswer,
        Self::NoAnswer,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Itself => "matched_with_itself",
            Self::Double => "matched_twice",
            Self::OneSided => "one_sided",
            Self::Rooms => "rooms_differ",
            Self::Initiator => "both_begin",
            Self::Unasked => "not_agreed",
            Self::Stranger => "stranger",
            Self::Wish => "wish_broken",
            Self::Rematch => "met_again",
            Self::LeftWaiting => "left_waiting",
            Self::Stray => "wrong_room",
            Self::Doubled => "doubled",
            Self::Order => "out_of_order",
            Self::Lost => "lost",
            Self::Alone => "left_alone",
            Self::DoubleAnswer => "acknowledged_twice",
            Self::NoAnswer => "not_acknowledged",
        }
    }
}

/// Something was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub kind: Kind,
    /// When it was seen.
    pub at: Moment,
    /// Of whom; twice the same where it is about one.
    pub clients: [Client; 2],
    /// In words, with the clients' numbers.
    pub said: String,
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn kinds_are_counted_where_they_stand() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place, "{}", kind.name());
        }
    }
}
