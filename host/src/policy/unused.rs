//! What is granted and was not used, in the words of a grant. Which runs tell
//! it is in `reach/unused`.

use super::Capability;

/// Granted and not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// How many runs were looked at.
    pub runs: usize,
    /// Capabilities of which nothing was used.
    pub capabilities: Vec<Capability>,
    /// Patterns of the other capabilities by which nothing was reached.
    pub patterns: Vec<(Capability, Vec<String>)>,
}
