//! From keys and the mouse to what somebody means by them. Decides nothing: the state does.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

use crate::state::{Intent, Mode, Tab};

/// What a key does, for the help screen and the documents.
pub(crate) struct KeyHelp {
    /// The keys, as they are written on them.
    pub(crate) keys: &'static str,
    /// What they do.
    pub(crate) does: &'static str,
    /// When they do it.
    pub(crate) when: When,
}

/// When a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// On every screen.
    Always,
    /// While a record is played.
    Replaying,
    /// With `--allow-actions`.
    Allowed,
}

/// Every key, in the order of the help screen: on a small one only the first are seen.
pub(crate) const KEYS: [KeyHelp; 18] = [
    KeyHelp { keys: "1-5", does: "Overview, Queues, Rooms, Nodes, Events", when: When::Always },
    KeyHelp { keys: "Up, Down, k, j", does: "choose a line; so do wheel and click", when: When::Always },
    KeyHelp { keys: "Enter", does: "details of the chosen line", when: When::Always },
    KeyHelp { keys: "Esc", does: "back; at a list: filter off", when: When::Always },
    KeyHelp { keys: "/", does: "show only lines with this text", when: When::Always },
    KeyHelp { keys: "s, S", does: "sort by the next column, turn the order round", when: When::Always },
    KeyHelp { keys: "Space", does: "hold the picture, go on", when: When::Always },
    KeyHelp { keys: "Tab, Shift-Tab", does: "next screen, the one before", when: When::Always },
    KeyHelp { keys: "PgUp, PgDn", does: "a page up or down", when: When::Always },
    KeyHelp { keys: "Home, End, g, G", does: "first line, last line", when: When::Always },
    KeyHelp { keys: "+, -", does: "refresh more often, less often", when: When::Always },
    KeyHelp { keys: "?", does: "this help", when: When::Always },
    KeyHelp { keys: "q, Ctrl-C", does: "quit", when: When::Always },
    KeyHelp { keys: "Ctrl-Z", does: "stop; `fg` goes on", when: When::Always },
    KeyHelp { keys: "Left, Right", does: "10 s back, 10 s on", when: When::Replaying },
    KeyHelp { keys: "[, ]", does: "5 min back, 5 min on", when: When::Replaying },
    KeyHelp { keys: "t", does: "jump to a time of day (UTC), such as 03:12", when: When::Replaying },
    KeyHelp { keys: "x", does: "drain the node, close the room, disconnect the user", when: When::Allowed },
];

/// Where something can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// First column and the one behind the last.
    pub(crate) columns: (u16, u16),
    /// First line and the one behind the last.
    pub(crate) lines: (u16, u16),
    /// What it is.
    pub(crate) target: Target,
}

/// What can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The name of a screen.
    Tab(Tab),
    /// Lines of a list; the first of them is that one.
    Lines(usize),
    /// The time line of a record, from its beginning to its end.
    Time,
}

/// What an event of the terminal means; nothing for most.
pub(crate) fn intent(event: &Event, mode: Mode, spots: &[Spot]) -> Option<Intent> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_intent(key, mode),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => Some(Intent::Move(3)),
            MouseEventKind::ScrollUp => Some(Intent::Move(-3)),
            MouseEventKind::Down(MouseButton::Left) => click(mouse.column, mouse.row, spots),
            MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight => None,
        },
        Event::Paste(text) => typed(mode).then(|| Intent::Paste(text.clone())),
        Event::Key(_) | Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn typed(mode: Mode) -> bool {
    match mode {
        Mode::Filter | Mode::Jump => true,
        Mode::Browse | Mode::Help | Mode::Confirm => false,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys of the library's that mean nothing here")]
fn key_intent(key: &KeyEvent, mode: Mode) -> Option<Intent> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Intent::Quit),
            KeyCode::Char('z') => Some(Intent::Stop),
            KeyCode::Char('l') => Some(Intent::Redraw),
            KeyCode::Char('u') if typed(mode) => Some(Intent::EraseAll),
            _ => None,
        };
    }
    match mode {
        Mode::Browse => browse(key.code),
        Mode::Filter | Mode::Jump => type_in(key.code),
        // Any other key goes back, whatever somebody hoped it would do.
        Mode::Help => Some(if key.code == KeyCode::Char('q') { Intent::Quit } else { Intent::Back }),
        // Only a clear yes is one.
        Mode::Confirm => {
            Some(if matches!(key.code, KeyCode::Char('y' | 'Y')) { Intent::Yes } else { Intent::Back })
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys of the library's that mean nothing here")]
fn type_in(code: KeyCode) -> Option<Intent> {
    match code {
        KeyCode::Char(letter) => Some(Intent::Type(letter)),
        KeyCode::Backspace => Some(Intent::Erase),
        KeyCode::Enter => Some(Intent::Enter),
        KeyCode::Esc => Some(Intent::Back),
        KeyCode::Up => Some(Intent::Move(-1)),
        KeyCode::Down => Some(Intent::Move(1)),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keys of the library's that mean nothing here")]
fn browse(code: KeyCode) -> Option<Intent> {
    Some(match code {
        KeyCode::Char('?') | KeyCode::F(1) => Intent::Help,
        KeyCode::Char(digit @ '1'..='5') => Intent::Show(Tab::ALL[usize::from(digit as u8 - b'1')]),
        KeyCode::Tab => Intent::NextTab,
        KeyCode::BackTab => Intent::TabBefore,
        KeyCode::Up | KeyCode::Char('k') => Intent::Move(-1),
        KeyCode::Down | KeyCode::Char('j') => Intent::Move(1),
        KeyCode::PageUp => Intent::Page(-1),
        KeyCode::PageDown => Intent::Page(1),
        KeyCode::Home | KeyCode::Char('g') => Intent::First,
        KeyCode::End | KeyCode::Char('G') => Intent::Last,
        KeyCode::Enter => Intent::Enter,
        KeyCode::Esc | KeyCode::Backspace => Intent::Back,
        KeyCode::Char('/') => Intent::Filter,
        KeyCode::Char('s') => Intent::Sort,
        KeyCode::Char('S') => Intent::TurnRound,
        KeyCode::Char(' ') => Intent::Pause,
        KeyCode::Char('+' | '=') => Intent::Faster,
        KeyCode::Char('-') => Intent::Slower,
        KeyCode::Left => Intent::Seek(-10),
        KeyCode::Right => Intent::Seek(10),
        KeyCode::Char('[') => Intent::Seek(-300),
        KeyCode::Char(']') => Intent::Seek(300),
        KeyCode::Char('t') => Intent::Jump,
        KeyCode::Char('x') => Intent::Act,
        KeyCode::Char('q') => Intent::Quit,
        _ => return None,
    })
}

fn click(column: u16, line: u16, spots: &[Spot]) -> Option<Intent> {
    let within = |(first, behind): (u16, u16), place: u16| (first..behind).contains(&place);
    let spot = spots.iter().find(|spot| within(spot.columns, column) && within(spot.lines, line))?;
    Some(match spot.target {
        Target::Tab(tab) => Intent::Show(tab),
        Target::Lines(first) => Intent::Choose(first + usize::from(line - spot.lines.0)),
        Target::Time => {
            let wide = f64::from(spot.columns.1 - spot.columns.0).max(2.0) - 1.0;
            Intent::SeekShare(f64::from(column - spot.columns.0) / wide)
        }
    })
}

#[cfg(test)]
mod tests {
    use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

    use super::{KEYS, Spot, Target, When, intent};
    use crate::state::{Intent, Mode, Tab};

    fn press(code: KeyCode, mode: Mode) -> Option<Intent> {
        intent(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), mode, &[])
    }

    fn key(name: &str) -> Event {
        let control = name.strip_prefix("Ctrl-");
        let modifiers = if control.is_some() { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        let code = match control.unwrap_or(name) {
            "Tab" => KeyCode::Tab,
            "Shift-Tab" => KeyCode::BackTab,
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "PgUp" => KeyCode::PageUp,
            "PgDn" => KeyCode::PageDown,
            "Home" => KeyCode::Home,
            "End" => KeyCode::End,
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Space" => KeyCode::Char(' '),
            "Left" => KeyCode::Left,
            "Right" => KeyCode::Right,
            "1-5" => KeyCode::Char('3'),
            letter => KeyCode::Char(letter.chars().next().expect("a name has letters").to_ascii_lowercase()),
        };
        Event::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn every_key_of_the_help_does_something() {
        for help in &KEYS {
            for name in help.keys.split(", ") {
                assert!(intent(&key(name), Mode::Browse, &[]).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn the_page_lists_every_key() {
        let page = include_str!("../../docs/TOP.md");
        for help in &KEYS {
            let when = match help.when {
                When::Always => "",
                When::Replaying => "in a record",
                When::Allowed => "with `--allow-actions`",
            };
            let keys = help.keys.replace("[, ]", "`[`, `]`");
            let row = format!("| {keys} | {} | {when} |", help.does);
            assert!(page.contains(&row), "docs/TOP.md lacks {row}");
        }
    }

    #[test]
    fn keys_mean_what_they_mean_where_one_is() {
        for (code, mode, expected) in [
            (KeyCode::Char('q'), Mode::Browse, Some(Intent::Quit)),
            (KeyCode::Char('q'), Mode::Filter, Some(Intent::Type('q'))),
            (KeyCode::Char('q'), Mode::Help, Some(Intent::Quit)),
            (KeyCode::Char('q'), Mode::Confirm, Some(Intent::Back)),
            (KeyCode::Char('y'), Mode::Confirm, Some(Intent::Yes)),
            (KeyCode::Enter, Mode::Confirm, Some(Intent::Back)),
            (KeyCode::Char(' '), Mode::Confirm, Some(Intent::Back)),
            (KeyCode::Char('y'), Mode::Browse, None),
            (KeyCode::Char('S'), Mode::Browse, Some(Intent::TurnRound)),
            (KeyCode::Char('1'), Mode::Jump, Some(Intent::Type('1'))),
            (KeyCode::Char('1'), Mode::Browse, Some(Intent::Show(Tab::Overview))),
            (KeyCode::Char('6'), Mode::Browse, None),
            (KeyCode::F(5), Mode::Browse, None),
        ] {
            assert_eq!(press(code, mode), expected, "{code:?} {mode:?}");
        }
    }

    #[test]
    fn control_c_ends_wherever_one_is() {
        for mode in [Mode::Browse, Mode::Filter, Mode::Jump, Mode::Help, Mode::Confirm] {
            assert_eq!(intent(&key("Ctrl-C"), mode, &[]), Some(Intent::Quit));
        }
    }

    #[test]
    fn what_is_pasted_is_text_or_nothing() {
        let paste = Event::Paste("qx".to_owned());
        assert_eq!(intent(&paste, Mode::Browse, &[]), None);
        assert_eq!(intent(&paste, Mode::Confirm, &[]), None);
        assert_eq!(intent(&paste, Mode::Filter, &[]), Some(Intent::Paste("qx".to_owned())));
    }

    #[test]
    fn clicks_hit_what_is_there() {
        let spots = [
            Spot { columns: (1, 11), lines: (1, 2), target: Target::Tab(Tab::Queues) },
            Spot { columns: (0, 80), lines: (4, 20), target: Target::Lines(30) },
            Spot { columns: (10, 21), lines: (22, 23), target: Target::Time },
        ];
        let mouse = |kind, column, row| {
            let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
            intent(&Event::Mouse(event), Mode::Browse, &spots)
        };
        let left = MouseEventKind::Down(MouseButton::Left);
        assert_eq!(mouse(left, 10, 1), Some(Intent::Show(Tab::Queues)));
        assert_eq!(mouse(left, 11, 1), None);
        assert_eq!(mouse(left, 5, 6), Some(Intent::Choose(32)));
        assert_eq!(mouse(left, 20, 22), Some(Intent::SeekShare(1.0)));
        assert_eq!(mouse(left, 0, 23), None);
        assert_eq!(mouse(MouseEventKind::ScrollDown, 0, 0), Some(Intent::Move(3)));
        assert_eq!(mouse(MouseEventKind::ScrollUp, 0, 0), Some(Intent::Move(-3)));
        assert_eq!(mouse(MouseEventKind::Moved, 5, 6), None);
    }
}
