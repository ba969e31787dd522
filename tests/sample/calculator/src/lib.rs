//! A calculator that takes its operands as numbers and gives the result as one.

mod share;

pub use share::{percent, share};

/// The sum of all numbers.
pub fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}
