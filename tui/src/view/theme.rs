//! Colours and lines. Only the terminal's own sixteen colours, never a background: they fit light and dark
//! alike, and words say everything that a colour says.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::text::Letters;

/// How to paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether there are colours at all (`NO_COLOR`).
    pub colours: bool,
    /// Which letters the terminal shows.
    pub letters: Letters,
}

/// What a text is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A figure or a name.
    Plain,
    /// What stands beside a figure to say what it is.
    Quiet,
    /// What the eye is to meet first.
    Strong,
    /// All is well.
    Good,
    /// Somebody should look at it.
    Warning,
    /// Somebody must look at it.
    Bad,
    /// What is chosen.
    Chosen,
}

impl Theme {
    pub(crate) fn style(self, tone: Tone) -> Style {
        let plain = Style::new();
        let coloured = |colour| if self.colours { plain.fg(colour) } else { plain };
        match tone {
            Tone::Plain => plain,
            Tone::Quiet => plain.add_modifier(Modifier::DIM),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Good => coloured(Color::Green),
            Tone::Warning => coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Tone::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Chosen => plain.add_modifier(Modifier::REVERSED),
        }
    }

    pub(crate) fn border(self) -> border::Set<'static> {
        match self.letters {
            Letters::Unicode => border::PLAIN,
            Letters::Ascii => border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            },
        }
    }

    /// Eight heights of a bar, lowest first.
    pub(crate) fn bars(self) -> [char; 8] {
        match self.letters {
            Letters::Unicode => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Letters::Ascii => ['_', '.', ',', '-', '=', '+', '*', '#'],
        }
    }

    /// One of two spellings.
    pub(crate) fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.letters {
            Letters::Unicode => unicode,
            Letters::Ascii => ascii,
        }
    }
}

/// Values as bars, each as high as its share of the largest; a blank where there is nothing.
pub(crate) fn sparkline(values: impl Iterator<Item = f64> + Clone, theme: Theme) -> String {
    let most = values.clone().fold(0.0_f64, f64::max);
    values.map(|value| bar(value, most, theme)).collect()
}

fn bar(value: f64, most: f64, theme: Theme) -> char {
    let bars = theme.bars();
    if value <= 0.0 || most <= 0.0 {
        return if most > 0.0 { bars[0] } else { ' ' };
    }
    let height = crate::words::rounded(value / most * 8.0).clamp(1, 8);
    bars[usize::try_from(height).unwrap_or(8) - 1]
}

#[cfg(test)]
mod tests {
    use super::{Theme, Tone, sparkline};
    use crate::text::Letters;

    const DARK: Theme = Theme { colours: true, letters: Letters::Unicode };
    const PLAIN: Theme = Theme { colours: false, letters: Letters::Ascii };

    #[test]
    fn bars_are_shares_of_the_largest() {
        for (values, unicode, ascii) in [
            (&[][..], "", ""),
            (&[0.0, 0.0], "  ", "  "),
            (&[0.0, 4.0, 8.0], "▁▄█", "_-#"),
            (&[1.0, 1.0], "██", "##"),
        ] {
            assert_eq!(sparkline(values.iter().copied(), DARK), unicode);
            assert_eq!(sparkline(values.iter().copied(), PLAIN), ascii);
        }
    }

    #[test]
    fn nothing_is_coloured_for_who_wants_no_colour() {
        for tone in
            [Tone::Plain, Tone::Quiet, Tone::Strong, Tone::Good, Tone::Warning, Tone::Bad, Tone::Chosen]
        {
            let style = PLAIN.style(tone);
            assert_eq!((style.fg, style.bg), (None, None));
            assert_eq!(DARK.style(tone).bg, None);
        }
    }
}
