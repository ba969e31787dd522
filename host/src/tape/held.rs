//! Calls that were made, held against those of a tape: the first place where
//! they part, and in which way.

use std::collections::HashSet;

use super::{EditOn, Tape};
use crate::trace::Call;

/// The first place where a run and a tape part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// In which way they part.
    pub kind: DivergenceKind,
    /// The call that the tape has there.
    pub recorded: Option<Box<Call>>,
    /// The call that was made there.
    pub made: Option<Box<Call>>,
}

/// In which way a run and a tape part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DivergenceKind {
    /// A call that is not on the tape.
    Miss,
    /// The same call with other arguments, or with another answer.
    Mismatch,
    /// Calls of the tape that were not made.
    Leftover,
    /// All calls are the same, and the findings or the tree are not.
    Tree,
}

impl DivergenceKind {
    /// The stable word for it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Miss => "tape-miss",
            Self::Mismatch => "tape-mismatch",
            Self::Leftover => "tape-leftover",
            Self::Tree => "tape-tree",
        }
    }
}

impl std::fmt::Display for Divergence {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let say = |call: &Option<Box<Call>>| call.as_ref().map_or_else(|| "no call".to_owned(), |call| said(call));
        match self.kind {
            DivergenceKind::Miss => {
                write!(out, "{} is not on the tape, which has {} there", say(&self.made), say(&self.recorded))
            }
            DivergenceKind::Mismatch => {
                let same =
                    self.made.as_ref().zip(self.recorded.as_ref()).is_some_and(|(made, recorded)| made.asks_same(recorded));
                let what = if same { "the answer" } else { "an argument" };
                write!(out, "{what} of {} is another one than on the tape", say(&self.made))
            }
            DivergenceKind::Leftover => write!(out, "{} is on the tape and was not made", say(&self.recorded)),
            DivergenceKind::Tree => write!(out, "all calls are those of the tape, and what came of them is not"),
        }
    }
}

/// A call in words.
fn said(call: &Call) -> String {
    let Call { sequence, document, capability, function, subject, .. } = call;
    format!("call {sequence} (document {document}: {capability}, {function} {})", crate::clean::line(subject))
}

/// Where calls part from those of a tape first, if they do.
#[must_use]
pub fn parted(recorded: &[Call], made: &[Call]) -> Option<Divergence> {
    let same = recorded.iter().zip(made).take_while(|(recorded, made)| made.is_same(recorded)).count();
    let kind = match (recorded.get(same), made.get(same)) {
        (None, None) => return None,
        (Some(_), None) => DivergenceKind::Leftover,
        (None, Some(_)) => DivergenceKind::Miss,
        (Some(recorded), Some(made)) if made.is_beside(recorded) => DivergenceKind::Mismatch,
        (Some(_), Some(made)) => {
            let later: HashSet<_> = recorded[same..].iter().map(question).collect();
            if later.contains(&question(made)) { DivergenceKind::Leftover } else { DivergenceKind::Miss }
        }
    };
    let call = |calls: &[Call]| calls.get(same).cloned().map(Box::new);
    Some(Divergence { kind, recorded: call(recorded), made: call(made) })
}

fn question(call: &Call) -> (u32, &str, &str, &str, crate::trace::Short) {
    (call.document, &call.capability, &call.function, &call.subject, call.argument)
}

impl Tape {
    /// Where a run parts from the tape first: its calls, or else what it came to.
    #[must_use]
    pub fn parted(
        &self,
        calls: &[Call],
        tree: Option<&str>,
        edits: &[EditOn],
        findings: crate::digest::Digest,
    ) -> Option<Divergence> {
        parted(&self.calls, calls).or_else(|| {
            let end = &self.end;
            let is_same = end.tree.as_deref() == tree && end.edits == edits && end.findings == findings;
            (!is_same).then_some(Divergence { kind: DivergenceKind::Tree, recorded: None, made: None })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::tests::asked;
    use crate::trace::Short;

    #[test]
    fn each_way_has_its_word() {
        let tape = ["a", "b", "c"].map(|subject| asked(0, subject, "x"));
        let [a, b, c] = tape.clone();
        let other_argument = Call { argument: Short::default(), ..b.clone() };
        let other_answer = asked(0, "b", "y");
        let new = asked(0, "new", "x");
        let rows: [(&[&Call], Option<&str>); 9] = [
            (&[&a, &b, &c], None),
            (&[&a, &other_answer, &c], Some("tape-mismatch")),
            (&[&a, &other_argument, &c], Some("tape-mismatch")),
            (&[&a, &new, &c], Some("tape-miss")),
            (&[&a, &b, &c, &new], Some("tape-miss")),
            (&[&a, &b, &c, &a], Some("tape-miss")),
            (&[&a, &b], Some("tape-leftover")),
            (&[&a, &c], Some("tape-leftover")),
            (&[], Some("tape-leftover")),
        ];
        for (made, expected) in rows {
            let made: Vec<Call> = made.iter().map(|call| Call { micros: 99, ..(*call).clone() }).collect();
            let found = parted(&tape, &made);
            assert_eq!(found.as_ref().map(|found| found.kind.reason()), expected, "{made:?}");
            found.iter().for_each(|found| assert!(found.to_string().contains("call 0"), "{found}"));
        }
        assert_eq!(parted(&[], &[]), None);
    }
}
