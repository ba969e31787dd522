//! What a document's stamps should say: compares each with the history and
//! tells what is wrong and what would be right. It changes nothing.

use std::ops::Range;

use lifeos_sdk::Refusal;

use crate::history::{History, LastChange, last_change};
use crate::options::Options;
use crate::stamp::{self, Stamp};

/// Something wrong with one stamp.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    /// The date in the text, by byte offsets.
    pub(crate) place: Range<usize>,
    pub(crate) message: String,
    /// No date can be read there.
    pub(crate) malformed: bool,
    /// What should stand there, where that can be said.
    pub(crate) right: Option<String>,
}

/// What came of a document's stamps.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Dated {
    pub(crate) wrong: Vec<Wrong>,
    /// The history needed is not there.
    pub(crate) history_missing: bool,
}

/// Checks the stamps of a text. Without `history` only their form is checked.
pub(crate) fn check(history: Option<&dyn History>, path: &str, text: &str, options: &Options) -> Dated {
    let stamps = stamp::find(text, &options.stamp_keys);
    let mut dated = Dated::default();
    let changed = match history.filter(|_| stamps.iter().any(|stamp| stamp.written.is_some())) {
        Some(history) => last_change(history, path, &options.stamp_keys, options.mass_commit_files),
        None => Ok(None),
    };
    dated.history_missing = matches!(changed, Err(Refusal::HistoryMissing));
    // Any other refusal means that the owner lends no history of this file.
    let changed = changed.ok().flatten();
    dated.wrong = stamps.iter().filter_map(|stamp| wrong(stamp, text, changed.as_ref(), options)).collect();
    dated
}

fn wrong(stamp: &Stamp, text: &str, changed: Option<&LastChange>, options: &Options) -> Option<Wrong> {
    let said = &text[stamp.value.clone()];
    let Some(written) = &stamp.written else {
        let message = format!("`{}` says {said:?}, which is not a date", stamp.name);
        return Some(Wrong { place: stamp.value.clone(), message, malformed: true, right: None });
    };
    let changed = changed?;
    if written.days_off(changed.moment) <= u64::from(options.stamp_tolerance_days) {
        return None;
    }
    let commit = changed.commit.get(..10).unwrap_or(&changed.commit);
    let message = format!("`{}` says {said}, but the content last changed on {} ({commit})", stamp.name, changed.moment.date());
    let right = written.rewritten(said, changed.moment);
    Some(Wrong { place: stamp.value.clone(), message, malformed: false, right })
}

/// The text with every wrong date put right that can be.
pub(crate) fn righted(text: &str, wrong: &[Wrong]) -> String {
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for one in wrong {
        let Some(right) = &one.right else { continue };
        made.push_str(&text[at..one.place.start]);
        made.push_str(right);
        at = one.place.end;
    }
    made + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::{check, righted};
    use crate::history::History;
    use crate::history::tests::Past;
    use crate::options::Options;

    fn run(options: Options, newest: &'static str, text: &'static str, expected: &str, messages: &[&str]) {
        let past = Past(vec![("0123456789abcdef", newest, Some(text)), ("old", "mass", Some("other"))]);
        let dated = check(Some(&past as &dyn History), "a.md", text, &options);
        assert_eq!(righted(text, &dated.wrong), expected);
        let said: Vec<&str> = dated.wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        assert_eq!(said, messages);
    }

    #[test]
    fn stamps_follow_the_content() {
        let plain = Options::default;
        run(
            plain(),
            "",
            "---\nlastmod: \"1/2/2020\"\n---\nx\n",
            "---\nlastmod: \"9/9/2001\"\n---\nx\n",
            &["`lastmod` says 1/2/2020, but the content last changed on 2001-09-09 (0123456789)"],
        );
        run(plain(), "", "Last updated: 2001-09-09\n", "Last updated: 2001-09-09\n", &[]);
        run(
            plain(),
            "",
            "_Last updated: September 12, 2001_\n",
            "_Last updated: September 9, 2001_\n",
            &["`Last updated` says September 12, 2001, but the content last changed on 2001-09-09 (0123456789)"],
        );
        let tolerant = Options { stamp_tolerance_days: 3, ..Options::default() };
        run(tolerant, "", "Last updated: 2001-09-12\n", "Last updated: 2001-09-12\n", &[]);
        run(plain(), "mass", "Last updated: 2020-01-02\n", "Last updated: 2020-01-02\n", &[]);
        run(
            plain(),
            "",
            "---\nupdated: soon\n---\n",
            "---\nupdated: soon\n---\n",
            &["`updated` says \"soon\", which is not a date"],
        );
    }

    #[test]
    fn missing_history_is_said_and_nothing_is_proposed() {
        let past = Past(Vec::new());
        let dated = |text| check(Some(&past as &dyn History), "a.md", text, &Options::default());
        assert!(dated("Last updated: 2001-09-12\n").history_missing);
        assert!(dated("Last updated: 2001-09-12\n").wrong.is_empty());
        assert!(!dated("no stamp\n").history_missing, "history is not asked for without a stamp");
        assert!(check(None, "a.md", "Last updated: 2001-09-12\n", &Options::default()).wrong.is_empty());
    }
}
