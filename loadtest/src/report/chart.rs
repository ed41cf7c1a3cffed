//! Line charts as SVG: no script, no network, the same on paper.

use std::fmt::Write;

use super::html::escaped;

const LEFT: f64 = 64.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 14.0;
const RIGHT: f64 = 12.0;
/// Behind that part of the width a word would run out of the picture.
const NEAR_THE_END: f64 = 0.95;
/// Rows with a hint each; with more of them the page would be mostly hints.
const HINTS_AT_MOST: usize = 200;

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero.
    Even,
    /// By powers of ten.
    Powers,
}

/// How large a chart is, beside the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// What one looks at first.
    Large,
    /// What belongs beneath another.
    Low,
    /// What stands beside others.
    Narrow,
}

impl Size {
    const fn width(self) -> f64 {
        match self {
            Self::Large | Self::Low => 720.0,
            Self::Narrow => 400.0,
        }
    }

    const fn height(self) -> f64 {
        match self {
            Self::Large => 200.0,
            Self::Low => 100.0,
            Self::Narrow => 300.0,
        }
    }

    /// Ticks of a scale from zero: quarters, or halves where there is little room.
    const fn parts(self) -> u32 {
        match self {
            Self::Large | Self::Narrow => 4,
            Self::Low => 2,
        }
    }
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// The class that gives it its colour.
    pub(super) class: &'a str,
    /// Places (0 to 1) and values.
    pub(super) points: Vec<(f64, f64)>,
}

/// A chart.
pub(super) struct Chart<'a> {
    pub(super) label: &'a str,
    pub(super) size: Size,
    pub(super) scale: Scale,
    /// The one that matters most first.
    pub(super) lines: Vec<Line<'a>>,
    /// Where the ticks of the time (or of the part) are, and what they say.
    pub(super) ticks: Vec<(f64, String)>,
    /// Places at which something begins or ends, and what.
    pub(super) marks: Vec<(f64, &'a str)>,
    /// Values that were not to be passed, and what was asked.
    pub(super) limits: Vec<(f64, String)>,
    /// Writes a value.
    pub(super) show: fn(f64) -> String,
}

impl Chart<'_> {
    /// The chart as SVG, with its legend.
    pub(super) fn svg(&self) -> String {
        let values = || self.lines.iter().flat_map(|line| line.points.iter().map(|(_, value)| *value));
        let highest = values().fold(0.0_f64, f64::max);
        let lowest = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        if highest <= 0.0 {
            return String::new();
        }
        let range = Range::new(self.scale, self.size, lowest, highest);
        let label = escaped(self.label);
        let (width, height) = (self.size.width(), self.size.height());
        let mut svg = format!(
            "<figure><figcaption><b>{label}</b>{names}</figcaption>\
             <svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">",
            names = self.names()
        );
        // Writing to a string cannot fail.
        let _ = self
            .axes(&range, &mut svg)
            .and_then(|()| self.lines_at_limits(&range, &mut svg))
            .and_then(|()| self.draw(&range, &mut svg))
            .and_then(|()| self.hints(&mut svg));
        svg.push_str("</svg></figure>");
        svg
    }

    /// The legend; one line alone needs none.
    fn names(&self) -> String {
        let mut names = String::new();
        for line in self.lines.iter().filter(|_| self.lines.len() > 1) {
            let _ = write!(names, "<span class=\"key {}\"></span>{} ", line.class, escaped(line.name));
        }
        names
    }

    fn axes(&self, range: &Range, svg: &mut String) -> std::fmt::Result {
        let (width, height) = (self.size.width(), self.size.height());
        for value in range.ticks() {
            let y = range.y(value);
            let (x1, x2, text) = (LEFT, width - RIGHT, LEFT - 6.0);
            write!(svg, "<line class=\"grid\" x1=\"{x1}\" x2=\"{x2}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>")?;
            let (y, said) = (y + 4.0, (self.show)(value));
            write!(svg, "<text x=\"{text}\" y=\"{y:.1}\" text-anchor=\"end\">{said}</text>")?;
        }
        for (place, said) in &self.ticks {
            let (x, y) = (self.x(*place), height - 8.0);
            let anchor = if *place > NEAR_THE_END { "end" } else { "middle" };
            write!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{said}</text>")?;
        }
        for (place, said) in &self.marks {
            let (x, low) = (self.x(*place), height - BOTTOM);
            write!(svg, "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{low}\"/>")?;
            let y = TOP - 4.0;
            write!(svg, "<text class=\"mark\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{said}</text>")?;
        }
        Ok(())
    }

    /// Limits beyond the picture are not drawn: it is of what was measured.
    fn lines_at_limits(&self, range: &Range, svg: &mut String) -> std::fmt::Result {
        for (value, said) in self.limits.iter().filter(|(value, _)| range.has(*value)) {
            let (y, right) = (range.y(*value), self.size.width() - RIGHT);
            write!(svg, "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>")?;
            let (y, said) = (y - 4.0, escaped(said));
            write!(
                svg,
                "<text class=\"limit\" x=\"{right}\" y=\"{y:.1}\" text-anchor=\"end\">{said}</text>"
            )?;
        }
        Ok(())
    }

    /// What matters most is drawn last: over the others.
    fn draw(&self, range: &Range, svg: &mut String) -> std::fmt::Result {
        for line in self.lines.iter().rev() {
            write!(svg, "<polyline class=\"{}\" points=\"", line.class)?;
            for (place, value) in &line.points {
                write!(svg, "{:.1},{:.1} ", self.x(*place), range.y(*value))?;
            }
            svg.push_str("\"/>");
        }
        Ok(())
    }

    /// The values of each place, for a pointer that rests there.
    fn hints(&self, svg: &mut String) -> std::fmt::Result {
        let Some(first) = self.lines.first().filter(|line| line.points.len() <= HINTS_AT_MOST) else {
            return Ok(());
        };
        let places: Vec<f64> = first.points.iter().map(|(place, _)| *place).collect();
        for (number, place) in places.iter().enumerate() {
            let from = if number == 0 { *place } else { f64::midpoint(places[number - 1], *place) };
            let to = places.get(number + 1).map_or(*place, |next| f64::midpoint(*place, *next));
            let (x, wide) = (self.x(from), (self.x(to) - self.x(from)).max(1.0));
            let high = self.size.height() - BOTTOM - TOP;
            write!(
                svg,
                "<rect class=\"hint\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{wide:.1}\" height=\"{high}\"><title>"
            )?;
            for line in &self.lines {
                let at = line.points.iter().find(|(other, _)| (other - place).abs() < f64::EPSILON);
                if let Some((_, value)) = at {
                    writeln!(svg, "{} {}", escaped(line.name), (self.show)(*value))?;
                }
            }
            svg.push_str("</title></rect>");
        }
        Ok(())
    }

    fn x(&self, place: f64) -> f64 {
        LEFT + place.clamp(0.0, 1.0) * (self.size.width() - LEFT - RIGHT)
    }
}

struct Range {
    scale: Scale,
    size: Size,
    low: f64,
    high: f64,
}

impl Range {
    fn new(scale: Scale, size: Size, lowest: f64, highest: f64) -> Self {
        match scale {
            Scale::Even => Self { scale, size, low: 0.0, high: round_up(highest) },
            Scale::Powers => {
                let low = 10_f64.powf(lowest.log10().floor());
                let high = 10_f64.powf(highest.log10().ceil());
                Self { scale, size, low, high: if high > low { high } else { low * 10.0 } }
            }
        }
    }

    fn has(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Even => value / self.high,
            Scale::Powers => (value.max(self.low) / self.low).log10() / (self.high / self.low).log10(),
        };
        let height = self.size.height();
        height - BOTTOM - part.clamp(0.0, 1.0) * (height - BOTTOM - TOP)
    }

    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Even => {
                let parts = self.size.parts();
                (0..=parts).map(|part| self.high * f64::from(part) / f64::from(parts)).collect()
            }
            Scale::Powers => {
                let next = |value: &f64| Some(value * 10.0).filter(|next| *next <= self.high * 1.01);
                std::iter::successors(Some(self.low), next).collect()
            }
        }
    }
}

/// The next of 1, 2, 4, 5, 8 and 10 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|round| *round >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, expected) in [(0.7, 0.8), (1.0, 1.0), (3.0, 4.0), (41.0, 50.0), (99.0, 100.0)] {
            assert!((round_up(value) - expected).abs() < 1e-9, "{value}");
        }
        let powers = Range::new(Scale::Powers, Size::Large, 0.3, 61.0);
        assert_eq!(powers.ticks().len(), 4);
        assert!((powers.y(0.1) - (Size::Large.height() - BOTTOM)).abs() < 0.01);
        assert!((powers.y(100.0) - TOP).abs() < 0.01);
    }

    fn chart(lines: Vec<Line<'_>>, limits: Vec<(f64, String)>) -> Chart<'_> {
        Chart {
            label: "waits",
            size: Size::Large,
            scale: Scale::Even,
            lines,
            ticks: vec![],
            marks: vec![],
            limits,
            show: |value| format!("{value} ms"),
        }
    }

    #[test]
    fn a_chart_of_nothing_is_nothing() {
        let line = Line { name: "p99", class: "a", points: vec![(0.0, 0.0)] };
        assert_eq!(chart(vec![line], vec![]).svg(), "");
    }

    #[test]
    fn what_matters_most_is_drawn_last_and_named_first() {
        let line = |name, class| Line { name, class, points: vec![(0.0, 3.0), (1.0, 4.0)] };
        let svg = chart(vec![line("p50", "a"), line("max", "c")], vec![]).svg();
        let at = |text: &str| svg.find(text).unwrap_or_else(|| panic!("{text}: {svg}"));
        assert!(at("polyline class=\"c\"") < at("polyline class=\"a\""));
        assert!(at("</span>p50") < at("</span>max"));
        assert_eq!(svg.matches("<title>p50 3 ms\nmax 3 ms\n</title>").count(), 1);
    }

    #[test]
    fn a_limit_is_drawn_where_it_is_in_the_picture() {
        let line = Line { name: "p99", class: "a", points: vec![(0.0, 3.0)] };
        let limits = vec![(2.0, "p99 < 2ms".to_owned()), (50.0, "p99 < 50ms".to_owned())];
        let svg = chart(vec![line], limits).svg();
        assert!(svg.contains("p99 &lt; 2ms") && !svg.contains("50ms"), "{svg}");
    }
}
