//! What somebody at the keyboard may mean, and what the loop has to do about it.

use qala::store::snapshot::Ordered;

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The whole at a glance.
    Overview,
    /// Who waits for whom.
    Queues,
    /// Who talks.
    Rooms,
    /// The server's processes.
    Nodes,
    /// What happens.
    Events,
}

impl Tab {
    /// All of them, in the order of their digits.
    pub const ALL: [Self; 5] = [Self::Overview, Self::Queues, Self::Rooms, Self::Nodes, Self::Events];

    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Queues => "Queues",
            Self::Rooms => "Rooms",
            Self::Nodes => "Nodes",
            Self::Events => "Events",
        }
    }

    /// Its place among all.
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default()
    }

    /// The one so many places on, round and round.
    pub(crate) fn step(self, steps: usize) -> Self {
        Self::ALL[(self.place() + steps) % Self::ALL.len()]
    }
}

/// What keys mean at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Looking around.
    Browse,
    /// Writing what lists are to contain.
    Filter,
    /// Writing a time of day to jump to.
    Jump,
    /// Reading the help.
    Help,
    /// Being asked whether to do something.
    Confirm,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// That screen.
    Show(Tab),
    /// The next screen.
    NextTab,
    /// The screen before.
    TabBefore,
    /// The help.
    Help,
    /// Away from where one is.
    Back,
    /// Into what is chosen; or what was written counts.
    Enter,
    /// So many lines down.
    Move(isize),
    /// So many pages down.
    Page(isize),
    /// The first line.
    First,
    /// The last line.
    Last,
    /// The line at that place.
    Choose(usize),
    /// Sort by the next column.
    Sort,
    /// The other way round.
    TurnRound,
    /// Write a filter.
    Filter,
    /// A letter of it.
    Type(char),
    /// Many letters of it.
    Paste(String),
    /// The last letter away.
    Erase,
    /// All letters away.
    EraseAll,
    /// Hold the picture, or go on.
    Pause,
    /// Refresh more often; play faster.
    Faster,
    /// Refresh less often; play slower.
    Slower,
    /// So many seconds on in a record.
    Seek(i64),
    /// To that share of a record.
    SeekShare(f64),
    /// Write a time to jump to.
    Jump,
    /// Do what can be done with the chosen.
    Act,
    /// Yes, do it.
    Yes,
    /// Draw everything anew.
    Redraw,
    /// Stop the process, as a shell's Ctrl-Z does.
    Stop,
    /// End.
    Quit,
}

/// What the loop is to do: everything that a state cannot do itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// End.
    Quit,
    /// Stop the process.
    Stop,
    /// Draw everything anew.
    Redraw,
    /// Give an order to the nodes.
    Give(Ordered),
    /// Go to that moment of the record, ms since 1970.
    Seek(u64),
}
