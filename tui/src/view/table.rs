//! Tables: columns that give way where there is no room, and lines of which one is chosen.

use ratatui::layout::Rect;

use super::pen::Pen;
use super::theme::Tone;
use crate::input::{Spot, Target};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) title: &'static str,
    /// How wide it is at least.
    pub(crate) columns: u16,
    /// On which side texts stand.
    pub(crate) side: Side,
    /// The largest goes first where there is no room; zero stays.
    pub(crate) rank: u8,
    /// Whether it takes what room is left.
    pub(crate) grows: bool,
}

/// On which side texts of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Column {
    /// Of names.
    pub(crate) const fn text(title: &'static str, columns: u16, rank: u8) -> Self {
        Self { title, columns, side: Side::Left, rank, grows: false }
    }

    /// Of numbers.
    pub(crate) const fn number(title: &'static str, columns: u16, rank: u8) -> Self {
        Self { title, columns, side: Side::Right, rank, grows: false }
    }

    /// One that takes what room is left.
    pub(crate) const fn growing(self) -> Self {
        Self { grows: true, ..self }
    }
}

/// A text in a table.
pub(crate) type Cell = (String, Tone);

/// Which part of a list is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// How many lines there are.
    pub(crate) lines: usize,
    /// The chosen one.
    pub(crate) chosen: Option<usize>,
    /// Whether the last lines are shown rather than the chosen one's page.
    pub(crate) tail: bool,
}

impl Window {
    /// So many lines, of which that one is chosen.
    pub(crate) fn of(lines: usize, chosen: usize) -> Self {
        Self { lines, chosen: Some(chosen), tail: false }
    }

    /// So many lines; none can be chosen.
    pub(crate) fn only(lines: usize) -> Self {
        Self { lines, chosen: None, tail: false }
    }

    fn first(self, fits: usize) -> usize {
        if self.tail {
            return self.lines.saturating_sub(fits);
        }
        self.chosen.map_or(0, |chosen| chosen - chosen % fits)
    }
}

/// Columns between two columns.
const GAP: u16 = 2;

/// Draws titles and the lines around the chosen one. Gives where lines can be clicked, and how many fit.
pub(crate) fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    columns: &[Column],
    window: Window,
    cells: impl Fn(usize) -> Vec<Cell>,
) -> (Option<Spot>, usize) {
    let Some(fits) = usize::from(area.height).checked_sub(1).filter(|fits| *fits > 0) else {
        return (None, 1);
    };
    let placed = placed(columns, area.width);
    for (number, at, wide) in &placed {
        let column = columns[*number];
        write(pen, (area.x + at, area.y), *wide, column.side, column.title, Tone::Quiet);
    }
    let first = window.first(fits);
    let shown = window.lines.saturating_sub(first).min(fits);
    for (line, row) in (area.y + 1..).zip(first..first + shown) {
        let of_row = cells(row);
        for (number, at, wide) in &placed {
            if let Some((text, tone)) = of_row.get(*number) {
                write(pen, (area.x + at, line), *wide, columns[*number].side, text, *tone);
            }
        }
        if window.chosen == Some(row) {
            pen.paint(Rect { y: line, height: 1, ..area }, Tone::Chosen);
        }
    }
    let lines = (area.y + 1, area.y + 1 + u16::try_from(shown).unwrap_or(u16::MAX));
    let spot = Spot { columns: (area.left(), area.right()), lines, target: Target::Lines(first) };
    (window.chosen.is_some().then_some(spot), fits)
}

fn write(pen: &mut Pen<'_>, (column, line): (u16, u16), wide: u16, side: Side, text: &str, tone: Tone) {
    match side {
        Side::Left => {
            pen.text((column, line), wide, text, tone);
        }
        Side::Right => pen.text_right((column + wide, line), wide, text, tone),
    }
}

/// The columns that fit: the number of each, where it begins and how wide it is.
fn placed(columns: &[Column], room: u16) -> Vec<(usize, u16, u16)> {
    let mut kept: Vec<(usize, &Column)> = columns.iter().enumerate().collect();
    let wide = |kept: &[(usize, &Column)]| {
        let gaps = GAP * u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX);
        kept.iter().map(|(_, column)| column.columns).sum::<u16>() + gaps
    };
    while wide(&kept) > room {
        let can_go = kept.iter().enumerate().filter(|(_, (_, column))| column.rank > 0);
        let Some((place, _)) = can_go.max_by_key(|(_, (_, column))| column.rank) else { break };
        kept.remove(place);
    }
    let growing = u16::try_from(kept.iter().filter(|(_, column)| column.grows).count()).unwrap_or(0);
    let left = room.saturating_sub(wide(&kept)).checked_div(growing).unwrap_or(0);
    let mut at = 0;
    let mut placed = Vec::with_capacity(kept.len());
    for (number, column) in kept {
        let wide = (column.columns + if column.grows { left } else { 0 }).min(room.saturating_sub(at));
        placed.push((number, at, wide));
        at += wide + GAP;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::{Column, placed};

    #[test]
    fn the_least_important_column_goes_first() {
        let columns =
            [Column::text("name", 6, 0).growing(), Column::number("a", 4, 1), Column::number("b", 4, 2)];
        let shown = |room| {
            let name = |(number, at, wide): &(usize, u16, u16)| (*at, columns[*number].title, *wide);
            placed(&columns, room).iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(shown(30), [(0, "name", 18), (20, "a", 4), (26, "b", 4)]);
        assert_eq!(shown(18), [(0, "name", 6), (8, "a", 4), (14, "b", 4)]);
        assert_eq!(shown(17), [(0, "name", 11), (13, "a", 4)]);
        assert_eq!(shown(11), [(0, "name", 11)]);
        assert_eq!(shown(3), [(0, "name", 3)]);
    }
}
