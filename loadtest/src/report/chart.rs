//! Line charts as SVG: no script, no network, the same on paper.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 10.0;

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From zero.
    Even,
    /// By powers of ten.
    Powers,
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
    pub(super) scale: Scale,
    pub(super) lines: Vec<Line<'a>>,
    /// Where the ticks of the time (or of the part) are, and what they say.
    pub(super) ticks: Vec<(f64, String)>,
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
        let range = Range::new(self.scale, lowest, highest);
        let mut svg = format!(
            "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">",
            label = super::html::escaped(self.label)
        );
        // Writing to a string cannot fail.
        let _ = self.axes(&range, &mut svg).and_then(|()| self.draw(&range, &mut svg));
        svg.push_str("</svg><figcaption>");
        for line in &self.lines {
            let _ =
                write!(svg, "<span class=\"key {}\"></span>{} ", line.class, super::html::escaped(line.name));
        }
        svg.push_str("</figcaption></figure>");
        svg
    }

    fn axes(&self, range: &Range, svg: &mut String) -> std::fmt::Result {
        for value in range.ticks() {
            let y = range.y(value);
            let (x1, x2, text) = (LEFT, WIDTH - RIGHT, LEFT - 6.0);
            write!(svg, "<line class=\"grid\" x1=\"{x1}\" x2=\"{x2}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>")?;
            write!(
                svg,
                "<text x=\"{text}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                y + 4.0,
                (self.show)(value)
            )?;
        }
        for (place, said) in &self.ticks {
            let x = x(*place);
            write!(svg, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{said}</text>", HEIGHT - 8.0)?;
        }
        Ok(())
    }

    fn draw(&self, range: &Range, svg: &mut String) -> std::fmt::Result {
        for line in &self.lines {
            write!(svg, "<polyline class=\"{}\" points=\"", line.class)?;
            for (place, value) in &line.points {
                write!(svg, "{:.1},{:.1} ", x(*place), range.y(*value))?;
            }
            svg.push_str("\"/>");
        }
        Ok(())
    }
}

fn x(place: f64) -> f64 {
    LEFT + place.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
}

struct Range {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Range {
    fn new(scale: Scale, lowest: f64, highest: f64) -> Self {
        match scale {
            Scale::Even => Self { scale, low: 0.0, high: round_up(highest) },
            Scale::Powers => {
                let low = 10_f64.powf(lowest.log10().floor());
                let high = 10_f64.powf(highest.log10().ceil());
                Self { scale, low, high: if high > low { high } else { low * 10.0 } }
            }
        }
    }

    fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Even => value / self.high,
            Scale::Powers => (value.max(self.low) / self.low).log10() / (self.high / self.low).log10(),
        };
        HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - BOTTOM - TOP)
    }

    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Even => (0..=4).map(|quarter| self.high * f64::from(quarter) / 4.0).collect(),
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
        let powers = Range::new(Scale::Powers, 0.3, 61.0);
        assert_eq!(powers.ticks().len(), 4);
        assert!((powers.y(0.1) - (HEIGHT - BOTTOM)).abs() < 0.01);
        assert!((powers.y(100.0) - TOP).abs() < 0.01);
    }

    #[test]
    fn a_chart_of_nothing_is_nothing() {
        let line = Line { name: "p99", class: "a", points: vec![(0.0, 0.0)] };
        let chart = Chart {
            label: "",
            scale: Scale::Even,
            lines: vec![line],
            ticks: vec![],
            show: |_| String::new(),
        };
        assert_eq!(chart.svg(), "");
    }
}
