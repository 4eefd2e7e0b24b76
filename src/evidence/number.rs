//! Rounding of the numbers in an alert that people read.

/// Rounds to so many digits after the point.
pub fn round(x: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (x * unit).round() / unit
}

/// Rounds a probability to three significant digits.
pub fn significant(p: f64) -> f64 {
    if p <= 0.0 || !p.is_finite() {
        return p.max(0.0);
    }
    let unit = 10f64.powi(2 - p.abs().log10().floor() as i32);
    if unit.is_finite() {
        (p * unit).round() / unit
    } else {
        p
    }
}
