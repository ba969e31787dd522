//! Asks a model, in the ways that the tests need: obedient to it, and forgetful.

use lifeos_sdk::model::{Finish, Prompt};
use lifeos_sdk::{log, repo, rounds};

use crate::Options;
use crate::content;

/// Asks `count` times what `text` says of the files, and logs what came. The last
/// answer takes the place of `find` in the first file, if that is named.
pub fn ask(options: &Options) -> Result<(), String> {
    let all = read(&options.paths);
    let mut last = None;
    for number in 0..options.count.max(1) {
        let prompt = Prompt::new("ask@1").system("You are asked by a test.").output_tokens(100);
        let prompt = prompt.user(
            "{{task}} ({{number}})\n\n{{files}}",
            &[("task", &options.text), ("number", &number.to_string()), ("files", &all)],
        );
        match prompt.ask() {
            Ok(reply) => {
                let end = if reply.finish == Finish::Stopped { " (stopped)" } else { "" };
                log::write(log::Level::Info, &format!("answer: {}{end}", reply.text));
                last = Some(reply.text);
            }
            Err(refusal) => log::write(log::Level::Warn, &format!("refused: {}", String::from(refusal))),
        }
    }
    match (last, options.paths.first()) {
        (Some(text), Some(path)) if !options.find.is_empty() => content::replace(&[path.clone()], &options.find, &text),
        _ => Ok(()),
    }
}

/// Asks `count` times, each time under another name; with a `text` that is the name of
/// all of them, and their templates differ.
pub fn names(options: &Options) -> Result<(), String> {
    let refused = |number| {
        let (name, template) = match options.text.as_str() {
            "" => (format!("p@{number}"), "{{x}}".to_owned()),
            name => (name.to_owned(), format!("{{{{x}}}} {number}")),
        };
        Prompt::new(name).output_tokens(10).user(template, &[("x", "hi")]).ask().err()
    };
    let refusals: Vec<String> = (0..options.count).filter_map(refused).map(String::from).collect();
    log::write(log::Level::Info, &format!("{} refused, the last one: {:?}", refusals.len(), refusals.last()));
    Ok(())
}

/// What a model says is to be done.
#[derive(serde::Deserialize)]
struct Wanted {
    edits: Vec<Replaced>,
}

#[derive(serde::Deserialize)]
struct Replaced {
    path: String,
    find: String,
    text: String,
}

const SCHEMA: &str = r#"{"type":"object","required":["edits"],"additionalProperties":false,"properties":{"edits":{"type":"array","items":
{"type":"object","required":["path","find","text"],"properties":{"path":{"type":"string"},"find":{"type":"string"},"text":{"type":"string"}}}}}}"#;

/// Does whatever the model says, to whatever file it names.
pub fn obey(options: &Options) -> Result<(), String> {
    let prompt = Prompt::new("obey@1").output_tokens(1_000).schema(SCHEMA);
    let before = rounds::previous().map(|round| round.output).unwrap_or_default();
    let files = read(&options.paths);
    let inputs = [("task", options.text.as_str()), ("files", files.as_str()), ("output", before.as_str())];
    let wanted: Wanted = prompt.user("{{task}}\n\n{{files}}\n\n{{output}}", &inputs).ask_json()?;
    for Replaced { path, find, text } in wanted.edits {
        if find.is_empty() {
            content::create(&[path], &text)?;
        } else if let Err(reason) = content::replace(&[path], &find, &text) {
            log::write(log::Level::Warn, &reason);
        }
    }
    Ok(())
}

/// The files that can be read, with their names.
fn read(paths: &[String]) -> String {
    let read = |path: &String| match repo::read_file(path) {
        Ok(document) => format!("== {path}\n{}\n", document.text),
        Err(refusal) => format!("== {path}\n({})\n", String::from(refusal)),
    };
    paths.iter().map(read).collect()
}
