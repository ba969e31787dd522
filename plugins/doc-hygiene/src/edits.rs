//! From an old text and a new one to the smallest list of whole-line
//! replacements this program finds in linear time. It compares lines as
//! text and knows nothing of Markdown.

use std::collections::HashMap;
use std::ops::Range;

use lifeos_sdk::{Replacement, Span};

use crate::source::Source;

/// The contract's bound on replacements in one change.
const REPLACEMENTS_MAX: usize = 10_000;

/// Between two anchors, the most pairs of lines compared in full.
const PAIRS_MAX: usize = 40_000;

/// The contract's bound on a message.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// In a larger gap, how many lines ahead the texts may meet again.
const AHEAD_MAX: usize = 16;

/// Old lines that give way to new lines, both counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hunk {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
}

/// Splits into lines with their ending; joined again they are the text.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Where two lists of lines differ, in order, never touching.
pub(crate) fn hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let mut found = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for (anchor_old, anchor_new) in anchors(old, new) {
        gap(old, new, at_old..anchor_old, at_new..anchor_new, &mut found);
        (at_old, at_new) = (anchor_old, anchor_new);
    }
    gap(old, new, at_old..old.len(), at_new..new.len(), &mut found);
    merge_touching(found)
}

/// Lines that occur once in each text, in an order both share.
fn anchors(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut places: HashMap<&str, [Place; 2]> = HashMap::with_capacity(old.len());
    for (side, lines) in [old, new].into_iter().enumerate() {
        for (at, line) in lines.iter().enumerate() {
            let place = &mut places.entry(line).or_default()[side];
            *place = if matches!(place, Place::Nowhere) { Place::Once(at) } else { Place::Often };
        }
    }
    let pairs = places.into_values().filter_map(|places| match places {
        [Place::Once(old), Place::Once(new)] => Some((old, new)),
        _ => None,
    });
    let mut pairs: Vec<(usize, usize)> = pairs.collect();
    pairs.sort_unstable();
    longest_rising(&pairs)
}

/// Where a line is in a text.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Nowhere,
    Once(usize),
    Often,
}

/// The longest run of pairs whose second parts rise.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let place = tails.partition_point(|&tail| pairs[tail].1 < pair.1);
        if place > 0 {
            before[at] = tails[place - 1];
        }
        if place == tails.len() {
            tails.push(at);
        } else {
            tails[place] = at;
        }
    }
    let mut run = Vec::new();
    let mut at = tails.last().copied().unwrap_or(usize::MAX);
    while let Some(pair) = pairs.get(at) {
        run.push(*pair);
        at = before[at];
    }
    run.reverse();
    run
}

/// The differences between two anchors.
fn gap(old: &[&str], new: &[&str], a: Range<usize>, b: Range<usize>, found: &mut Vec<Hunk>) {
    let same = a.clone().zip(b.clone()).take_while(|&(x, y)| old[x] == new[y]).count();
    let (a, b) = (a.start + same..a.end, b.start + same..b.end);
    let tail = a.clone().rev().zip(b.clone().rev()).take_while(|&(x, y)| old[x] == new[y]).count();
    let (a, b) = (a.start..a.end - tail, b.start..b.end - tail);
    if a.is_empty() && b.is_empty() {
        return;
    }
    if a.len() == b.len() {
        for (x, y) in a.zip(b).filter(|&(x, y)| old[x] != new[y]) {
            found.push(Hunk { old: x..x + 1, new: y..y + 1 });
        }
    } else if a.len().saturating_mul(b.len()) <= PAIRS_MAX && !a.is_empty() && !b.is_empty() {
        aligned(old, new, a, b, found);
    } else {
        met_again(old, new, a, b, found);
    }
}

/// The differences of a large gap: where the lines part, the nearest place at
/// which they meet again.
fn met_again(old: &[&str], new: &[&str], a: Range<usize>, b: Range<usize>, found: &mut Vec<Hunk>) {
    let (mut x, mut y) = (a.start, b.start);
    while x < a.end && y < b.end {
        if old[x] == new[y] {
            (x, y) = (x + 1, y + 1);
            continue;
        }
        let steps = (1..=AHEAD_MAX).flat_map(|sum| (0..=sum).map(move |left| (x + left, y + sum - left)));
        let meeting = steps.into_iter().find(|&(x, y)| x < a.end && y < b.end && old[x] == new[y]);
        let Some((next_x, next_y)) = meeting else {
            break;
        };
        found.push(Hunk { old: x..next_x, new: y..next_y });
        (x, y) = (next_x, next_y);
    }
    if x < a.end || y < b.end {
        found.push(Hunk { old: x..a.end, new: y..b.end });
    }
}

/// The differences of a small gap by its longest common subsequence.
fn aligned(old: &[&str], new: &[&str], a: Range<usize>, b: Range<usize>, found: &mut Vec<Hunk>) {
    let width = b.len() + 1;
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for x in (0..a.len()).rev() {
        for y in (0..b.len()).rev() {
            common[x * width + y] = if old[a.start + x] == new[b.start + y] {
                common[(x + 1) * width + y + 1] + 1
            } else {
                common[(x + 1) * width + y].max(common[x * width + y + 1])
            };
        }
    }
    let (mut x, mut y) = (0, 0);
    let (mut from_x, mut from_y) = (0, 0);
    let mut close = |from: (usize, usize), to: (usize, usize)| {
        if from != to {
            found.push(Hunk { old: a.start + from.0..a.start + to.0, new: b.start + from.1..b.start + to.1 });
        }
    };
    while x < a.len() && y < b.len() {
        if old[a.start + x] == new[b.start + y] {
            close((from_x, from_y), (x, y));
            (x, y) = (x + 1, y + 1);
            (from_x, from_y) = (x, y);
        } else if common[(x + 1) * width + y] >= common[x * width + y + 1] {
            x += 1;
        } else {
            y += 1;
        }
    }
    close((from_x, from_y), (a.len(), b.len()));
}

fn merge_touching(hunks: Vec<Hunk>) -> Vec<Hunk> {
    let mut merged: Vec<Hunk> = Vec::new();
    for hunk in hunks {
        match merged.last_mut() {
            Some(last) if last.old.end == hunk.old.start && last.new.end == hunk.new.start => {
                last.old.end = hunk.old.end;
                last.new.end = hunk.new.end;
            }
            _ => merged.push(hunk),
        }
    }
    within_bound(merged, REPLACEMENTS_MAX)
}

/// Joins neighbours in groups of one size so that few enough are left.
fn within_bound(hunks: Vec<Hunk>, max: usize) -> Vec<Hunk> {
    let group = hunks.len().div_ceil(max).max(1);
    let joined = hunks.chunks(group).filter_map(|part| {
        let (first, last) = (part.first()?, part.last()?);
        Some(Hunk { old: first.old.start..last.old.end, new: first.new.start..last.new.end })
    });
    joined.collect()
}

/// The replacements that make of the original text what `new` is of its plain
/// form. New lines take the line ending of their place.
pub(crate) fn replacements(source: &Source<'_>, hunks: &[Hunk], new: &[&str]) -> Vec<Replacement> {
    hunks
        .iter()
        .map(|hunk| {
            let place = source.bytes_of(hunk.old.clone());
            let mut text = String::new();
            for (step, line) in new[hunk.new.clone()].iter().enumerate() {
                match line.strip_suffix('\n') {
                    Some(body) => {
                        text.push_str(body);
                        text.push_str(source.ending_near((hunk.old.start + step).min(hunk.old.end)));
                    }
                    None => text.push_str(line),
                }
            }
            Replacement { span: span(place), text }
        })
        .collect()
}

/// A span of the contract. Documents are far below four gigabytes.
pub(crate) fn span(range: Range<usize>) -> Span {
    let short = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { start: short(range.start), end: short(range.end) }
}

/// At most as many bytes as a message may have.
pub(crate) fn shortened(message: &str) -> String {
    let end = (0..=MESSAGE_BYTES_MAX.min(message.len())).rev().find(|&end| message.is_char_boundary(end));
    message[..end.unwrap_or(0)].to_owned()
}

/// What the replacements make of a text; they are sorted and disjoint.
#[cfg(test)]
pub(crate) fn applied(text: &str, replacements: &[Replacement]) -> String {
    let mut made = String::new();
    let mut at = 0;
    for replacement in replacements {
        made.push_str(&text[at..replacement.span.start as usize]);
        made.push_str(&replacement.text);
        at = replacement.span.end as usize;
    }
    made + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::{Hunk, applied, hunks, lines, replacements, shortened, within_bound};
    use crate::source::Source;

    fn check(text: &str, new_plain: &str, expected: &str, count: usize) {
        let source = Source::new(text);
        let (old, new) = (lines(source.plain()), lines(new_plain));
        let found = replacements(&source, &hunks(&old, &new), &new);
        assert_eq!(applied(text, &found), expected, "{text:?}");
        assert_eq!(found.len(), count, "{found:?}");
        let disjoint = found.windows(2).all(|pair| pair[0].span.end < pair[1].span.start);
        assert!(disjoint, "{found:?}");
    }

    #[test]
    fn untouched_lines_keep_their_bytes() {
        check("a\nb\nc\n", "a\nb\nc\n", "a\nb\nc\n", 0);
        check("a \r\nb\nc\r\n", "a\nb\nc\n", "a\r\nb\nc\r\n", 1);
        check("\u{feff}# A\r\ntext\r\n", "# A\n\ntext\n", "\u{feff}# A\r\n\r\ntext\r\n", 1);
        check("a", "a\n", "a\n", 1);
        check("a\r\nb", "a\nb\n", "a\r\nb\r\n", 1);
        check("a\n\n\n\nb\n", "a\n\nb\n", "a\n\nb\n", 1);
        check("", "a\n", "a\n", 1);
        check("a\n", "", "", 1);
        check("x \ny\nz \n", "x\ny\nz\n", "x\ny\nz\n", 2);
        check("same\nsame\nlast\n", "same\nnew\nsame\nlast\n", "same\nnew\nsame\nlast\n", 1);
    }

    #[test]
    fn a_large_gap_of_equal_lines_is_still_many_hunks() {
        let (old, new) = ("a\n\n\n".repeat(5_000), "a\n\n".repeat(5_000));
        check(&old, &new, &new, 2_501);
    }

    #[test]
    fn a_large_gap_without_a_meeting_is_one_hunk() {
        let old: Vec<String> = (0..50_000).map(|at| format!("- {at} \n")).collect();
        let new: Vec<String> = (0..50_000).map(|at| format!("- {at}\n\n")).collect();
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.iter().flat_map(|line| line.split_inclusive('\n')).collect();
        assert_eq!(hunks(&old, &new).len(), 1);
    }

    #[test]
    fn hunks_are_joined_until_they_are_few() {
        let many: Vec<Hunk> = (0..100).map(|at| Hunk { old: at * 3..at * 3 + 1, new: at * 3..at * 3 + 1 }).collect();
        let few = within_bound(many, 10);
        assert!(few.len() <= 10);
        assert_eq!((few[0].old.start, few[few.len() - 1].old.end), (0, 298));
    }

    #[test]
    fn messages_are_bounded() {
        assert_eq!(shortened(&"ä".repeat(2_000)).len(), 2_000);
        assert_eq!(shortened(&format!("a{}", "ä".repeat(2_000))).len(), 1_999);
    }
}
