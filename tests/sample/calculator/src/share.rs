//! Parts of a whole.

/// How much of `whole` is `part`, as a number from 0 to 1; none if there is no whole.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

/// So many percent of a number.
pub fn percent(_number: f64, _percent: f64) -> Result<f64, String> {
    Err("not there yet".to_owned())
}
