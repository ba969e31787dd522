//! Where a text makes a name: the line that defines a symbol, a flag or a
//! command. It knows the habits of many languages and the grammar of none; what
//! it is not sure of is no definition.

use std::borrow::Cow;
use std::ops::Range;

use crate::document::mention::Kind;
use crate::words::{Run, is_identifier, places, runs};

/// Words before the name that they define.
const KEYWORDS: [&str; 24] = [
    "fn",
    "def",
    "class",
    "struct",
    "enum",
    "trait",
    "type",
    "const",
    "static",
    "func",
    "function",
    "function*",
    "interface",
    "macro_rules!",
    "#define",
    "union",
    "module",
    "mod",
    "record",
    "object",
    "protocol",
    "namespace",
    "package",
    "typedef",
];
/// Words in front of a field.
const BEFORE_FIELDS: [&str; 6] = ["pub", "pub(crate)", "pub(super)", "readonly", "self.", "static"];

/// A line that makes a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition<'t> {
    pub(crate) name: &'t str,
    pub(crate) line: &'t str,
}

/// The line of a text that makes `name`, if one does.
pub(crate) fn line_for<'t>(kind: Kind, name: &str, text: &'t str) -> Option<&'t str> {
    let derives = derives_flags(text);
    let mut before = "";
    text.lines().find(|line| {
        let opens = std::mem::replace(&mut before, line);
        match kind {
            Kind::Symbol => makes_symbol(line, name),
            Kind::Flag => makes_flag(line, name, derives) || makes_flag_below(opens, line, name),
            Kind::Command => makes_command(line, name),
            Kind::Path => false,
        }
    })
}

/// All names of a kind that lines make.
pub(crate) fn all_in<'t>(kind: Kind, lines: &[&'t str], derives: bool) -> Vec<Definition<'t>> {
    let mut found = Vec::new();
    for line in lines {
        for run in runs(line) {
            let is_new = match kind {
                Kind::Symbol => is_identifier(run.text) && makes_symbol(line, run.text),
                Kind::Flag => is_flag_name(run.text) && makes_flag(line, run.text, derives),
                Kind::Command => makes_command(line, run.text),
                Kind::Path => false,
            };
            if is_new {
                found.push(Definition { name: run.text, line });
            }
        }
    }
    found
}

/// Whether flags of this text are made of fields.
pub(crate) fn derives_flags(text: &str) -> bool {
    ["#[arg(", "#[clap(", "#[structopt(", "#[argh(", "typer."].iter().any(|sign| text.contains(sign))
}

fn is_flag_name(text: &str) -> bool {
    text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
}

fn makes_symbol(line: &str, name: &str) -> bool {
    places(line, name).any(|place| {
        let (before, after) = (line[..place.start].trim_end(), &line[place.end..]);
        let code = before.trim_start();
        if code.starts_with("//") || code.starts_with('#') && !code.starts_with("#define") || code.starts_with('*') {
            return false;
        }
        let is_keyword = code.rsplit([' ', '\t']).next().is_some_and(|word| KEYWORDS.contains(&word));
        let is_method = code.starts_with("func (") && code.ends_with(')') && after.starts_with('(');
        let is_field = code.split(' ').all(|word| word.is_empty() || BEFORE_FIELDS.contains(&word))
            && (after.starts_with(": ")
                || after.starts_with(" = ") && !after.starts_with(" = =")
                || code.is_empty() && is_variant(name, after));
        is_keyword || is_method || is_field
    })
}

fn is_variant(name: &str, after: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_uppercase())
        && (after == "," || after.starts_with('(') && after.ends_with("),") || after == " {")
}

/// Signs of lines that pass a flag to another program.
const PASSES: [&str; 10] =
    [".arg(\"--", ".args(", "Command::new", "subprocess", "spawn(", "exec(", "execFile", "exec.Command", "run([", "invoke("];

fn makes_flag(line: &str, name: &str, derives: bool) -> bool {
    let code = line.trim_start();
    if code.starts_with("//") || code.starts_with('#') && !code.starts_with("#[") || PASSES.iter().any(|sign| line.contains(sign))
    {
        return false;
    }
    let tells = tells_of_flags(line);
    let field = name.replace('-', "_");
    runs(line).any(|run| {
        let is_literal = run.text == name && run.dashes == 2 && begins_text(line, run.start - 2);
        let is_named = run.text == name && run.dashes == 0 && run.is_quoted && tells;
        let after = &line[run.start + run.text.len()..];
        let before = code.split(run.text).next().unwrap_or_default().trim();
        let is_field =
            derives && run.text == field && after.starts_with(": ") && (before.is_empty() || BEFORE_FIELDS.contains(&before));
        is_literal || is_named || is_field
    })
}

/// Whether a flag's name stands in quotes at the start of a line, below one that opens what tells of a flag.
fn makes_flag_below(opens: &str, line: &str, name: &str) -> bool {
    let opens = opens.trim();
    let is_open = opens.ends_with(['(', '{', '[']) && !opens.starts_with("//") && !PASSES.iter().any(|sign| opens.contains(sign));
    let begins = || runs(line).next().is_some_and(|run| run.text == name && run.is_quoted && run.start == indent(line) + 1);
    is_open && begins() && tells_of_flags(opens)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line of code is about flags.
fn tells_of_flags(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    ["long", "flag", "option", "arg"].iter().any(|word| lower.contains(word))
}

/// Whether what stands at a place begins a text in quotes, but for a short flag before it.
fn begins_text(line: &str, at: usize) -> bool {
    let Some(quote) = line[..at].rfind(['"', '\'', '`']) else { return false };
    let between = &line[quote + 1..at];
    let short = between.strip_prefix('-').map(|rest| rest.trim_end_matches([' ', ',', '/', '|']));
    between.is_empty() || short.is_some_and(|short| short.len() == 1)
}

/// A target of a Makefile, a recipe of a justfile, a script of a package.
fn makes_command(line: &str, name: &str) -> bool {
    let is_script =
        line.trim_start().strip_prefix('"').and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with("\":"));
    let recipe = line.strip_prefix('@').unwrap_or(line);
    let is_recipe = !line.starts_with([' ', '\t', '#', '.']) && line.contains(':') && {
        let (heads, rest) = recipe.split_once(':').unwrap_or((recipe, ""));
        let is_list = heads.split(' ').any(|head| head == name);
        let is_with = heads.split(' ').next() == Some(name);
        !rest.starts_with('=') && (is_list && !heads.contains('=') || is_with)
    };
    is_script || is_recipe
}

/// The flags that a run of today may still make, however they are written there.
pub(crate) fn may_be_flag<'t>(run: Run<'t>, derives: bool) -> impl Iterator<Item = Cow<'t, str>> {
    let same = (run.dashes >= 2 || run.is_quoted).then_some(Cow::Borrowed(run.text));
    let field = match (run.text.contains('_'), derives && !run.text.contains('-')) {
        (true, _) => Some(Cow::Owned(run.text.replace('_', "-"))),
        (false, true) => Some(Cow::Borrowed(run.text)),
        (false, false) => None,
    };
    same.into_iter().chain(field)
}

/// Whether a command's name is not a part of a longer one: `lint` of `lint-fix`, or of `docs:lint`.
fn is_whole_command(line: &str, place: &Range<usize>) -> bool {
    let bytes = line.as_bytes();
    let is_glue = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'-' | b':'));
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = |far: usize| place.start.checked_sub(far).and_then(|at| bytes.get(at));
    let goes_on = is_glue(bytes.get(place.end)) && is_word(bytes.get(place.end + 1));
    !goes_on && !(is_glue(before(1)) && is_word(before(2)))
}

/// Whether runners of commands of today may still have a command.
pub(crate) fn may_have_command(text: &str, name: &str) -> bool {
    let is_open =
        text.lines().any(|line| line.starts_with(['%', '$']) || line.starts_with("include") || line.starts_with("-include"));
    is_open
        || text.lines().any(|line| line.contains(':') && places(line, name).any(|place| is_whole_command(line, &place)))
        || text.contains("import ")
        || text.contains("\nmod ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_made_by_keywords_and_fields() {
        for line in [
            "pub fn read_all(&self) {",
            "    async def read_all(self):",
            "func (r *Reader) read_all() {",
            "#define read_all 1",
            "    pub read_all: bool,",
            "read_all = 3",
        ] {
            assert!(makes_symbol(line, "read_all"), "{line}");
        }
        for line in [
            "let x = read_all();",
            "// fn read_all",
            "use a::read_all;",
            "    read_all(x),",
            "fn read_all_of()",
            "# read_all = 3",
        ] {
            assert!(!makes_symbol(line, "read_all"), "{line}");
        }
        assert!(makes_symbol("    NotFound,", "NotFound") && makes_symbol("    Over(u64),", "Over"));
    }

    #[test]
    fn flags_are_made_by_parsers_and_not_by_callers() {
        for line in [
            "parser.add_argument(\"--color-mode\", default=1)",
            "  .option('-c, --color-mode <x>', 'how')",
            "Arg::new(\"c\").long(\"color-mode\")",
            "flag.String(\"color-mode\", \"\", \"how\")",
        ] {
            assert!(makes_flag(line, "color-mode", false), "{line}");
        }
        assert!(makes_flag("    pub color_mode: Mode,", "color-mode", true) && makes_flag("    color: Mode,", "color", true));
        for line in [
            "Command::new(\"git\").arg(\"--color-mode\")",
            "// \"--color-mode\"",
            "use --color-mode for this",
            "println!(\"see --color-mode\")",
            "let x = \"color-mode\";",
        ] {
            assert!(!makes_flag(line, "color-mode", false), "{line}");
        }
    }

    #[test]
    fn a_flag_may_stand_on_a_line_of_its_own() {
        for (opens, line) in
            [("    fn name_long(&self) -> &'static str {", "        \"color-mode\""), ("option(", "  \"color-mode\", None,")]
        {
            assert!(makes_flag_below(opens, line, "color-mode"), "{opens}");
        }
        for (opens, line) in [
            ("fn name(&self) -> &str {", "\"color-mode\""),
            ("option(", "x, \"color-mode\""),
            ("option();", "\"color-mode\""),
            ("Command::new(\"x\").args([", "\"color-mode\","),
        ] {
            assert!(!makes_flag_below(opens, line, "color-mode"), "{opens}");
        }
    }

    #[test]
    fn commands_are_made_by_targets() {
        for line in ["docs:", "docs: build", "all docs: x", "docs name='x': build", "    \"docs\": \"mdbook build\",", "@docs:"] {
            assert!(makes_command(line, "docs"), "{line}");
        }
        for line in ["docs := 1", "\tdocs: x", "# docs: x", "VAR = docs:x", "docs-all:"] {
            assert!(!makes_command(line, "docs"), "{line}");
        }
    }

    #[test]
    fn a_command_of_today_is_no_part_of_another() {
        for text in ["lint: x", "all: lint", "  \"lint\": \"x\",", "  \"all\": \"npm run lint && x\","] {
            assert!(may_have_command(text, "lint"), "{text}");
        }
        for text in ["lint-fix: x", "  \"docs:lint\": \"x\",", "  \"lint:docs\": \"x\",", "  \"x\": \"lint-fix\","] {
            assert!(!may_have_command(text, "lint"), "{text}");
        }
        assert!(may_have_command("  \"test:cli\": \"mocha\",", "test:cli"));
    }

    #[test]
    fn a_flag_of_today_is_known_in_any_form() {
        let has = |text, name: &str, derives| runs(text).flat_map(|run| may_be_flag(run, derives)).any(|flag| flag == name);
        for text in ["--color-mode", "'color-mode'", "color_mode: x"] {
            assert!(has(text, "color-mode", false), "{text}");
        }
        assert!(!has("color: x", "color", false) && has("color: x", "color", true));
    }
}
