//! Line charts as SVG: a few curves over two axes, readable in light and dark, without script.

use std::fmt::Write;

use crate::report::escape::Html;

/// One curve.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it counts.
    pub name: String,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Where it is marked, with what.
    pub marks: Vec<(f64, String)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;
/// Colours that differ also for people with the common kinds of colour blindness (Okabe and Ito 2008).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f",
];

/// Returns the chart. Points outside the axes are drawn on their border.
pub fn chart(title: &str, across: &Axis, up: &Axis, lines: &[Line]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_chart(&mut out, title, across, up, lines);
    out
}

fn write_chart(
    out: &mut String,
    title: &str,
    across: &Axis,
    up: &Axis,
    lines: &[Line],
) -> std::fmt::Result {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let place = |axis: &Axis, value: f64| {
        ((value.clamp(axis.from, axis.to) - axis.from) / (axis.to - axis.from)).clamp(0.0, 1.0)
    };
    let x = |value: f64| LEFT + place(across, value) * (right - LEFT);
    let y = |value: f64| bottom - place(up, value) * (bottom - TOP);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#7f7f7f\">\n<title>{}</title>",
        Html(title)
    )?;
    for (value, mark) in &across.marks {
        let at = x(*value);
        writeln!(
            out,
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#7f7f7f\" stroke-opacity=\".25\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            Html(mark)
        )?;
    }
    for (value, mark) in &up.marks {
        let at = y(*value);
        writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#7f7f7f\" stroke-opacity=\".25\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            Html(mark)
        )?;
    }
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        (LEFT + right) / 2.0,
        HEIGHT - 8.0,
        Html(&across.name),
        (TOP + bottom) / 2.0,
        Html(&up.name)
    )?;
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let path: Vec<String> = line
            .points
            .iter()
            .map(|&(px, py)| format!("{:.1} {:.1}", x(px), y(py)))
            .collect();
        let legend = TOP + 14.0 + 20.0 * number as f64;
        writeln!(
            out,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
             <path d=\"M{:.1} {:.1}h18\" stroke=\"{colour}\" stroke-width=\"3\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            path.join("L"),
            right + 12.0,
            legend - 4.0,
            right + 36.0,
            legend,
            Html(&line.name)
        )?;
    }
    writeln!(out, "</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_inside_and_names_are_escaped() {
        let axis = |name: &str| Axis {
            name: name.to_owned(),
            from: 0.0,
            to: 10.0,
            marks: vec![(0.0, "0".to_owned()), (10.0, "10".to_owned())],
        };
        let line = Line {
            name: "<b>".to_owned(),
            points: vec![(0.0, 0.0), (99.0, -5.0), (10.0, 10.0)],
        };
        let drawn = chart("t & u", &axis("a"), &axis("b"), &[line]);
        assert!(
            drawn.contains("M64.0 372.0L530.0 372.0L530.0 16.0"),
            "{drawn}"
        );
        assert!(drawn.contains("&lt;b&gt;") && drawn.contains("t &amp; u"));
    }
}
