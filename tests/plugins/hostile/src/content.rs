//! Dangers to content, and the good citizen for comparison.

use lifeos_sdk::{Change, Creation, Deletion, Document, Edit, Finding, Replacement, Severity, Span, edits, findings, log, repo};

/// Replaces the first `find` in each file; an empty one means the beginning.
pub fn replace(paths: &[String], find: &str, text: &str) -> Result<(), String> {
    for path in paths {
        let document = read(path)?;
        let at = document.text.find(find).ok_or_else(|| format!("{path} has no {find:?}"))?;
        propose(&document, vec![replacement(at, at + find.len(), text)]);
    }
    Ok(())
}

/// Proposes new files.
pub fn create(paths: &[String], text: &str) -> Result<(), String> {
    for path in paths {
        note(path, edits::propose(&Edit::Create(Creation { path: path.clone(), text: text.to_owned() })));
    }
    Ok(())
}

/// Edits by the ids of blobs that are not there.
pub fn stale(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let document = Document { id: "0".repeat(40), ..read(path)? };
        propose(&document, vec![replacement(0, 0, "x")]);
        let id = document.id.to_uppercase();
        note(path, edits::propose(&Edit::Delete(Deletion { path: path.clone(), id })));
    }
    Ok(())
}

/// Edits spans that no text has.
pub fn wrong_spans(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let document = read(path)?;
        let end = document.text.len();
        propose(&document, vec![replacement(end, end + 1, "x")]);
        propose(&document, vec![replacement(end, 0, "x")]);
        propose(&document, vec![replacement(u32::MAX as usize, u32::MAX as usize, "x")]);
        let inside = document.text.char_indices().find(|(_, char)| char.len_utf8() > 1).map_or(0, |(at, _)| at + 1);
        propose(&document, vec![replacement(inside, inside, "x")]);
        propose(&document, Vec::new());
    }
    Ok(())
}

/// Edits spans that overlap, or come in the wrong order.
pub fn overlapping_spans(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let document = read(path)?;
        propose(&document, vec![replacement(0, 3, "x"), replacement(2, 4, "y")]);
        propose(&document, vec![replacement(3, 4, "x"), replacement(0, 1, "y")]);
        propose(&document, vec![replacement(1, 1, "x"), replacement(1, 1, "y")]);
    }
    Ok(())
}

/// Proposes two edits of one file.
pub fn twice(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let document = read(path)?;
        propose(&document, vec![replacement(0, 0, "one ")]);
        propose(&document, vec![replacement(0, 0, "two ")]);
    }
    Ok(())
}

/// Deletes whatever it can read.
pub fn delete_all() -> Result<(), String> {
    for document in all()? {
        let Document { path, id, .. } = document;
        note(&path.clone(), edits::propose(&Edit::Delete(Deletion { path, id })));
    }
    Ok(())
}

/// Empties whatever it can read.
pub fn empty_all() -> Result<(), String> {
    for document in all()? {
        propose(&document, vec![replacement(0, document.text.len(), "")]);
    }
    Ok(())
}

/// Proposes `count` new files.
pub fn many_files(count: u64) -> Result<(), String> {
    let mut refused = 0;
    for number in 0..count {
        let creation = Creation { path: format!("many/{number}.md"), text: "x\n".to_owned() };
        refused += u64::from(edits::propose(&Edit::Create(creation)).is_err());
    }
    log::write(log::Level::Info, &format!("refused: {refused}"));
    Ok(())
}

/// Reports `count` findings.
pub fn many_findings(count: u64) -> Result<(), String> {
    for _ in 0..count {
        findings::report(&finding("hostile/many", None, "x"));
    }
    Ok(())
}

/// Puts characters into a text that nobody sees.
pub fn hidden_characters(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let document = read(path)?;
        for text in ["a\u{200b}b", "a\u{202e}b", "\u{e0041}", "a\u{7}b", "a\0b"] {
            propose(&document, vec![replacement(0, 0, text)]);
        }
    }
    Ok(())
}

/// A clipboard write, a title change, colours, a carriage return, bidi.
pub fn control_sequences(paths: &[String]) -> Result<(), String> {
    let text = "\u{1b}]52;c;aGk=\u{7}\u{1b}]0;title\u{7}\u{1b}[31mred\u{9b}2J\rgone\u{202e}olleh\u{8}";
    log::write(log::Level::Warn, text);
    findings::report(&Finding { help: Some(text.to_owned()), ..finding("hostile/control", None, text) });
    for path in paths {
        let document = read(path)?;
        let path = format!("{path}{text}");
        note(&path, edits::propose(&Edit::Delete(Deletion { path: path.clone(), id: document.id })));
    }
    Ok(())
}

/// Reports a finding of this rule.
pub fn bad_rule(rule: &str) -> Result<(), String> {
    findings::report(&finding(rule, None, "x"));
    Ok(())
}

/// Writes a line of log.
pub fn tell(text: &str) -> Result<(), String> {
    log::write(log::Level::Info, text);
    Ok(())
}

/// Takes for granted that an edit of what may be edited is taken.
pub fn trust_propose(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let Document { path, id, editable, .. } = read(path)?;
        let change = Change { path, id, replacements: vec![replacement(0, 0, "x")] };
        if editable {
            edits::propose(&Edit::Change(change)).expect("it is taken");
        }
    }
    Ok(())
}

/// Takes for granted that there is a file.
pub fn need_file() -> Result<(), String> {
    let page = repo::list_files("**", None).expect("a page");
    tell(&page.entries.first().expect("a file").path)
}

/// Takes for granted that what is named or listed can be read.
pub fn trust_read(paths: &[String]) -> Result<(), String> {
    let listed = repo::list_files("**", None).map_err(|refusal| format!("{refusal:?}"))?;
    let listed = listed.entries.into_iter().map(|entry| entry.path);
    let paths = if paths.is_empty() { listed.collect() } else { paths.to_vec() };
    paths.iter().for_each(|path| drop(repo::read_file(path).expect("a text")));
    Ok(())
}

fn finding(rule: &str, path: Option<&str>, message: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        path: path.map(str::to_owned),
        span: None,
        message: message.to_owned(),
        help: None,
        repaired: false,
    }
}

fn replacement(start: usize, end: usize, text: &str) -> Replacement {
    Replacement { span: Span { start: start as u32, end: end as u32 }, text: text.to_owned() }
}

fn read(path: &str) -> Result<Document, String> {
    repo::read_file(path).map_err(|refusal| format!("{path}: {refusal:?}"))
}

fn all() -> Result<Vec<Document>, String> {
    let page = repo::list_files("**", None).map_err(|refusal| format!("{refusal:?}"))?;
    Ok(page.entries.iter().filter_map(|entry| repo::read_file(&entry.path).ok()).collect())
}

fn propose(document: &Document, replacements: Vec<Replacement>) {
    let Document { path, id, .. } = document.clone();
    note(&path.clone(), edits::propose(&Edit::Change(Change { path, id, replacements })));
}

fn note<T: std::fmt::Debug>(path: &str, answer: Result<(), T>) {
    log::write(log::Level::Info, &format!("{path}: {answer:?}"));
}
