//! What texts come to by changes, and what is no change.

use super::*;

fn replace(blocks: &[(&str, &str)]) -> Change {
    let block = |(old, new): &(&str, &str)| Block { old: (*old).to_owned(), new: (*new).to_owned() };
    Change { path: "a".to_owned(), replace: Some(blocks.iter().map(block).collect()), text: None }
}

fn text(text: &str) -> Change {
    Change { path: "a".to_owned(), replace: None, text: Some(text.to_owned()) }
}

#[track_caller]
fn comes_to(change: &Change, before: &str, after: &str) {
    assert_eq!(applied(change, Some(before)).as_deref(), Ok(after));
    let (gone, new) = difference(before, after);
    assert_eq!(format!("{}{new}{}", &before[..gone.start], &before[gone.end..]), after, "the difference is the change");
}

#[test]
fn parts_are_replaced_where_they_stand_in_whatever_order() {
    comes_to(&replace(&[("b\n", "x\n")]), "a\nb\nc\n", "a\nx\nc\n");
    comes_to(&replace(&[("c", "z"), ("a", "")]), "a b c", " b z");
    comes_to(&replace(&[("a", "1"), ("b", "2")]), "ab", "12");
    comes_to(&replace(&[("é", "e")]), "né", "ne");
    comes_to(&replace(&[("a\nb\n", "a\nb\nc\n")]), "a\nb\n", "a\nb\nc\n");
}

#[test]
fn a_part_occurs_once_or_is_refused() {
    let rows = [
        (&[("x", "y")][..], Fault::Missing(1)),
        (&[("b", "y"), ("a", "y")], Fault::Ambiguous(2, 2)),
        (&[("aba", "y"), ("ba", "z")], Fault::Ambiguous(1, 1 + 1)),
        (&[("", "y")], Fault::Empty(1)),
        (&[("b c", "y"), ("c d", "z")], Fault::Overlapping(1, 2)),
        (&[("c d", "y"), ("b c", "z")], Fault::Overlapping(1, 2)),
        (&[("c", "c")], Fault::Nothing),
        (&[("c ", "c"), ("d", " d")], Fault::Nothing),
    ];
    for (blocks, fault) in rows {
        let before = if matches!(fault, Fault::Ambiguous(1, _)) { "ababa" } else { "a a b c d" };
        assert_eq!(applied(&replace(blocks), Some(before)), Err(fault), "{blocks:?}");
    }
}

#[test]
fn line_ends_stay_those_of_the_file() {
    comes_to(&replace(&[("a\nb\n", "a\nx\nb\n")]), "a\r\nb\r\nc\n", "a\r\nx\r\nb\r\nc\n");
    comes_to(&replace(&[("c", "c\nd")]), "a\r\nb\r\nc\n", "a\r\nb\r\nc\nd\n");
    comes_to(&replace(&[("b", "b\nd")]), "a\r\nb", "a\r\nb\r\nd");
    comes_to(&replace(&[("a\r\nb", "x\r\ny")]), "a\r\nb\r\n", "x\r\ny\r\n");
    let twice = applied(&replace(&[("a\nb", "x")]), Some("a\nb\na\r\nb\n"));
    assert_eq!(twice, Err(Fault::Ambiguous(1, 2)), "once with each kind of line end");
    comes_to(&text("a\nx\n"), "a\r\nb\r\n", "a\r\nx\r\n");
    comes_to(&text("a\nx\n"), "a\r\nb\n", "a\nx\n");
}

#[test]
fn a_whole_text_keeps_the_mark_and_the_end_of_the_one_before() {
    comes_to(&text("x"), "\u{feff}a\n", "\u{feff}x\n");
    comes_to(&text("\u{feff}x\n"), "\u{feff}a\n", "\u{feff}x\n");
    comes_to(&text("x"), "a", "x");
    comes_to(&text("x\n"), "a", "x\n");
    comes_to(&text(""), "a\n", "");
    assert_eq!(applied(&text("x"), None).as_deref(), Ok("x\n"));
    assert_eq!(applied(&text("x\n"), Some("x\n")), Err(Fault::Nothing));
}

#[test]
fn what_is_not_one_thing_is_none() {
    let both = Change { text: Some("x".to_owned()), ..replace(&[("a", "b")]) };
    let neither = Change { path: "a".to_owned(), replace: None, text: None };
    for change in [both, neither, replace(&[])] {
        assert_eq!(applied(&change, Some("a")), Err(Fault::Unclear));
    }
    assert_eq!(applied(&replace(&[("a", "b")]), None), Err(Fault::NoFile));
    let empty = Change { text: Some("x\n".to_owned()), ..replace(&[]) };
    assert_eq!(applied(&empty, None).as_deref(), Ok("x\n"), "an empty list is as good as none");
}

#[test]
fn an_answer_is_read_strictly() {
    let read = |json: &str| serde_json::from_str::<Change>(json).is_ok();
    assert!(read(r#"{"path":"a","text":"x"}"#) && read(r#"{"path":"a","text":null,"replace":[{"old":"a","new":"b"}]}"#));
    for wrong in ["{}", r#"{"path":1}"#, r#"{"path":"a","mode":"x"}"#, r#"{"path":"a","replace":[{"old":"a"}]}"#] {
        assert!(!read(wrong), "{wrong}");
    }
}

#[test]
fn the_difference_ends_between_characters() {
    assert_eq!(difference("aéb", "aèb"), (1..3, "è"));
    assert_eq!(difference("aa", "aaa"), (2..2, "a"));
    assert_eq!(difference("", "x"), (0..0, "x"));
    assert_eq!(difference("xx", "x"), (1..2, ""));
}
