//! Small drawings out of block characters.

use crate::stats::constants::{CONTINUITY, FREEDOM_MAX};

/// What stands before each line of a drawing.
const INDENT: &str = "  ";
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws each height, 0 to 1, as one character; any height above 0 shows at least the lowest block.
pub fn bars(heights: impl IntoIterator<Item = f64>) -> String {
    heights
        .into_iter()
        .map(|h| match h {
            h if h.is_nan() || h <= 0.0 => BLOCKS[0],
            h => BLOCKS[((h.min(1.0) * 8.0).round() as usize).max(1)],
        })
        .collect()
}

/// The density of an amount on a logarithmic axis, ln(1 + x) about a location, with Student's tails.
#[derive(Debug, Clone, Copy)]
pub struct Curve {
    /// Location of ln(1 + x).
    pub loc: f64,
    /// Scale of ln(1 + x).
    pub scale: f64,
    /// Degrees of freedom.
    pub nu: f64,
}

/// Where the drawing's axis ends at the left, in amounts.
const LEAST: f64 = 0.5;
/// The 99th percentile of Student's t with 20 degrees of freedom, the most that a predictive has.
const T_99: f64 = 2.527_977;

impl Curve {
    /// Returns the curve that has this median and this 99th percentile; `None` unless the second is greater.
    pub fn through(p50: f64, p99: f64) -> Option<Self> {
        let (low, high) = ((p50 + CONTINUITY).ln(), (p99 + CONTINUITY).ln());
        (low.is_finite() && high.is_finite() && high > low).then(|| Self {
            loc: low,
            scale: (high - low) / T_99,
            nu: FREEDOM_MAX,
        })
    }

    /// Returns the density at an amount, 1 at its peak.
    fn height(&self, x: f64) -> f64 {
        let t = ((x + CONTINUITY).ln() - self.loc) / self.scale;
        (1.0 + t * t / self.nu).powf(-(self.nu + 1.0) / 2.0)
    }

    /// Draws the curve from the least amount to `most` in so many columns, on a logarithmic axis.
    pub fn draw(&self, most: f64, columns: usize) -> String {
        let axis = Axis::to(most, columns);
        bars((0..columns).map(|column| {
            let height = self.height(axis.amount(column));
            if height < 0.01 { 0.0 } else { height }
        }))
    }
}

/// A logarithmic axis of columns.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    step: f64,
    columns: usize,
}

impl Axis {
    /// Makes an axis whose last column holds `most`.
    pub fn to(most: f64, columns: usize) -> Self {
        let columns = columns.max(2);
        Self {
            step: (most.max(10.0) / LEAST).ln() / (columns - 1) as f64,
            columns,
        }
    }

    fn amount(&self, column: usize) -> f64 {
        LEAST * (self.step * column as f64).exp()
    }

    /// Returns the column of an amount.
    pub fn column(&self, x: f64) -> usize {
        let at = (x.max(LEAST) / LEAST).ln() / self.step;
        (at.round() as usize).min(self.columns - 1)
    }
}

/// Draws how values thin out: full up to the column of the first quantile, lower up to each of the next, nothing beyond the
/// last. Quantiles ascend.
pub fn steps(quantiles: &[usize], columns: usize) -> String {
    let n = quantiles.len().max(1) as f64;
    bars((0..columns).map(|column| {
        let passed = quantiles.partition_point(|&end| end < column);
        1.0 - passed as f64 / n
    }))
}

/// Writes labels under their columns. A label that would touch the one before it goes into another row, which is indented like a
/// drawing.
pub fn labels(labels: &[(usize, String)]) -> String {
    let mut rows: Vec<String> = Vec::new();
    for (column, label) in labels {
        let has_room = |row: &String| row.chars().count() < *column;
        let at = match rows.iter().position(has_room) {
            Some(at) => at,
            None => {
                rows.push(String::new());
                rows.len() - 1
            }
        };
        let blanks = column.saturating_sub(rows[at].chars().count());
        rows[at].push_str(&" ".repeat(blanks));
        rows[at].push_str(label);
    }
    rows.join(&format!("\n{INDENT}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn drawings_keep_their_size_and_put_marks_where_they_belong() {
        assert_eq!(bars([0.0, 0.001, 0.5, 1.0, f64::NAN, 9.0]), " ▁▄█ █");
        let curve = Curve::through(4.5, 50.2).unwrap();
        let drawn = curve.draw(1_280.0, 60);
        assert_eq!(drawn.chars().count(), 60);
        let axis = Axis::to(1_280.0, 60);
        assert_eq!(drawn.chars().nth(axis.column(4.5)).unwrap(), '█');
        assert_eq!(drawn.chars().nth(axis.column(1_280.0)).unwrap(), ' ');
        assert_eq!(axis.column(1_280.0), 59);
        assert!(Curve::through(3.0, 3.0).is_none() && Curve::through(f64::NAN, 3.0).is_none());
        assert_eq!(steps(&[0, 2, 2, 4], 7), "█▆▆▂▂  ");
        assert_eq!(labels(&[(2, "ab".into()), (5, "c".into())]), "  ab c");
        assert_eq!(labels(&[(2, "ab".into()), (3, "c".into())]), "  ab\n     c");
    }
}
