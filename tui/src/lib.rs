//! `qala top`: the service as it is now, on a terminal or as text.
//!
//! A [`Feed`] brings pictures of the service, [`State`] learns from them and from what somebody at the keyboard
//! wants, [`draw`] paints a state. Only [`run`] knows all three, the clock and the terminal.

mod feed;
mod input;
mod linear;
mod plain;
mod record;
pub mod run;
#[cfg(test)]
mod sample;
pub mod settings;
mod signals;
mod source;
mod state;
mod terminal;
mod text;
mod view;
mod words;

pub use feed::{Feed, News};
pub use signals::Signals;
pub use source::{Problem, Reading, Source};
pub use state::{Intent, Mode, State, Tab, Terms, Timeline, Wish};
pub use terminal::Screen;
pub use text::Letters;
pub use view::{Drawn, Theme, draw};
