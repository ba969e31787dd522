//! Dangers to paths: every door, one path after the other.

use lifeos_sdk::{Change, Creation, Deletion, Edit, Replacement, Span, edits, history, log, repo};

const BLOB: &str = "0123456789012345678901234567890123456789";

/// Tries every function on each path and writes down what came back.
pub fn probe(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let path = match path.as_str() {
            // Longer than an owner's options should be.
            "LONG" => "x/".repeat(2500),
            _ => path.clone(),
        };
        let shown: String = path.chars().take(40).collect();
        let (read, past) = (read(&path), past(&path));
        let [create, change, delete] = edits_of(&path);
        say(&format!("{shown:?} read={read} past={past} create={create} change={change} delete={delete}"));
    }
    Ok(())
}

fn read(path: &str) -> String {
    match repo::read_file(path) {
        Ok(document) => format!("{:?}", document.text),
        Err(refusal) => word(&refusal),
    }
}

fn past(path: &str) -> String {
    match (history::revisions(path, 8), history::texts(path, BLOB)) {
        (Ok(revisions), _) => format!("{} revisions", revisions.len()),
        (Err(one), Err(other)) if word(&one) == word(&other) => word(&one),
        (Err(one), other) => format!("{} but {other:?}", word(&one)),
    }
}

fn edits_of(path: &str) -> [String; 3] {
    let (path, id) = (path.to_owned(), BLOB.to_owned());
    let replacement = Replacement { span: Span { start: 0, end: 0 }, text: "x".to_owned() };
    let create = Edit::Create(Creation { path: path.clone(), text: "x\n".to_owned() });
    let change = Edit::Change(Change { path: path.clone(), id: id.clone(), replacements: vec![replacement] });
    let delete = Edit::Delete(Deletion { path, id });
    let answer = |edit| match edits::propose(&edit) {
        Ok(()) => "Accepted".to_owned(),
        Err(problems) => problems.iter().map(word).collect::<Vec<_>>().join("+"),
    };
    // A creation that passes would make the others conflicts, so it comes last.
    let (change, delete) = (answer(change), answer(delete));
    [answer(create), change, delete]
}

/// The name of a refusal or problem, in the host's words.
fn word(refusal: &impl std::fmt::Debug) -> String {
    let text = format!("{refusal:?}");
    text.rsplit("::").next().unwrap_or(&text).to_owned()
}

/// Lists by each pattern, page by page.
pub fn list(patterns: &[String]) -> Result<(), String> {
    for pattern in patterns {
        let (mut pages, mut entries, mut after) = (0, Vec::new(), None);
        loop {
            match repo::list_files(pattern, after.as_deref()) {
                Err(refusal) => {
                    entries.push(word(&refusal));
                    break;
                }
                Ok(page) => {
                    pages += 1;
                    entries.extend(page.entries.iter().map(|entry| format!("{}:{}", entry.path, word(&entry.kind))));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        let shown = if entries.len() > 40 { format!("{} entries", entries.len()) } else { entries.join(" ") };
        say(&format!("{pattern} ({pages} pages): {shown}"));
    }
    Ok(())
}

/// Asks what is at each path.
pub fn stat(paths: &[String]) -> Result<(), String> {
    for path in paths {
        let answer = repo::stat(path).map_or_else(|refusal| word(&refusal), |kind| word(&kind));
        say(&format!("{path:?} {answer}"));
    }
    Ok(())
}

fn say(text: &str) {
    log::write(log::Level::Info, text);
}
