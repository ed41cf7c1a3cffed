//! Writing into a picture of cells: safe texts, cut where their place ends.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Theme, Tone};
use crate::text;

/// A text and what it is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// Those with the largest go first where there is not room for all; zero stays.
    pub(crate) rank: u8,
}

/// A part that stays.
pub(crate) fn part(text: impl Into<String>, tone: Tone) -> Part {
    Part { text: text.into(), tone, rank: 0 }
}

impl Part {
    pub(crate) fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}

/// Writes with a theme.
pub(crate) struct Pen<'a> {
    buffer: &'a mut Buffer,
    pub(crate) theme: Theme,
}

impl<'a> Pen<'a> {
    pub(crate) fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme }
    }

    /// Writes a text from there on, in at most so many columns; gives the column behind it.
    pub(crate) fn text(&mut self, (column, line): (u16, u16), most: u16, text: &str, tone: Tone) -> u16 {
        let area = self.buffer.area;
        if line >= area.bottom() || column >= area.right() {
            return column;
        }
        let most = most.min(area.right() - column);
        let safe = text::safe(text, self.theme.letters);
        let cut = text::cut(&safe, usize::from(most), self.theme.letters);
        let (behind, _) =
            self.buffer.set_stringn(column, line, cut, usize::from(most), self.theme.style(tone));
        behind
    }

    /// Writes a text that ends there.
    pub(crate) fn text_right(&mut self, (behind, line): (u16, u16), most: u16, text: &str, tone: Tone) {
        let safe = text::safe(text, self.theme.letters);
        let cut = text::cut(&safe, usize::from(most), self.theme.letters);
        let wide = columns(text::width(&cut));
        self.text((behind.saturating_sub(wide), line), wide, &cut, tone);
    }

    /// Writes parts with gaps between them, leaving out what there is no room for.
    pub(crate) fn parts(&mut self, (column, line): (u16, u16), most: u16, gap: u16, parts: &[Part]) -> u16 {
        let mut at = column;
        let end = column.saturating_add(most);
        for (place, part) in fitting(parts, usize::from(most), usize::from(gap)).into_iter().enumerate() {
            at = at.saturating_add(if place > 0 { gap } else { 0 });
            at = self.text((at, line), end.saturating_sub(at), &part.text, part.tone);
        }
        at
    }

    /// Paints a whole line as chosen, or whatever the tone is.
    pub(crate) fn paint(&mut self, area: Rect, tone: Tone) {
        self.buffer.set_style(area.intersection(self.buffer.area), self.theme.style(tone));
    }

    /// Blanks a part of the picture.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for place in area.positions() {
            self.buffer[place].reset();
        }
    }

    /// A frame with a title; gives what is inside.
    pub(crate) fn frame(&mut self, area: Rect, title: &str) -> Rect {
        if area.width < 4 || area.height < 2 {
            return area;
        }
        let set = self.theme.border();
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        for column in left + 1..right {
            self.text((column, top), 1, set.horizontal_top, Tone::Quiet);
            self.text((column, bottom), 1, set.horizontal_bottom, Tone::Quiet);
        }
        for line in top + 1..bottom {
            self.text((left, line), 1, set.vertical_left, Tone::Quiet);
            self.text((right, line), 1, set.vertical_right, Tone::Quiet);
        }
        for (place, corner) in [
            ((left, top), set.top_left),
            ((right, top), set.top_right),
            ((left, bottom), set.bottom_left),
            ((right, bottom), set.bottom_right),
        ] {
            self.text(place, 1, corner, Tone::Quiet);
        }
        let behind = self.text((left + 2, top), area.width - 4, &format!(" {title} "), Tone::Strong);
        debug_assert!(behind <= right, "a title within its frame");
        Rect { x: left + 2, y: top + 1, width: area.width - 4, height: area.height - 2 }
    }
}

/// Those that fit, in their order.
fn fitting(parts: &[Part], most: usize, gap: usize) -> Vec<&Part> {
    let mut kept: Vec<&Part> = parts.iter().filter(|part| !part.text.is_empty()).collect();
    loop {
        let texts: usize = kept.iter().map(|part| text::width(&part.text)).sum();
        if texts + gap * kept.len().saturating_sub(1) <= most {
            return kept;
        }
        let last =
            kept.iter().enumerate().filter(|(_, part)| part.rank > 0).max_by_key(|(_, part)| part.rank);
        let Some((place, _)) = last else { return kept };
        kept.remove(place);
    }
}

/// Columns of a text; a terminal has no more than fit in the type.
pub(crate) fn columns(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::{fitting, part};
    use crate::view::theme::Tone;

    #[test]
    fn what_matters_least_goes_first() {
        let parts = [
            part("live", Tone::Good),
            part("redis", Tone::Plain).rank(1),
            part("every 1 s", Tone::Plain).rank(2),
            part("", Tone::Plain),
        ];
        let texts = |most| {
            fitting(&parts, most, 2).into_iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("|")
        };
        for (most, expected) in
            [(22, "live|redis|every 1 s"), (21, "live|redis"), (11, "live|redis"), (10, "live"), (0, "live")]
        {
            assert_eq!(texts(most), expected, "{most}");
        }
    }
}
