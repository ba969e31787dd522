//! Writes new destinations into a text and proves that nothing else changed:
//! the same parser sees the same document but for those destinations.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::front;
use crate::issue::{Change, Fix};
use crate::marks;
use crate::target;

/// What stands for a destination while two texts are compared.
const TOKEN: &str = "lifeosdestination";

/// The text with all fixes made; none if it cannot be done safely.
pub(crate) fn mended(text: &str, fixes: &[Fix]) -> Option<String> {
    let mut fixes: Vec<&Fix> = fixes.iter().collect();
    fixes.sort_by_key(|fix| fix.place.start);
    fixes.dedup();
    if fixes.windows(2).any(|two| two[0].place.end > two[1].place.start) || text.contains(TOKEN) {
        return None;
    }
    let places: Vec<_> = fixes.iter().map(|fix| fix.place.start as usize..fix.place.end as usize).collect();
    let old: Option<Vec<&str>> = places.iter().map(|place| text.get(place.clone())).collect();
    let old = old?;
    let is_pointed = |at: usize| at > 0 && text.as_bytes()[at - 1] == b'<';
    let new: Option<Vec<String>> = fixes
        .iter()
        .zip(&old)
        .zip(&places)
        .map(|((fix, old), place)| rewritten(old, &fix.change, is_pointed(place.start)))
        .collect();
    let new = new?;
    let written = |values: &[String]| {
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        for (place, value) in places.iter().zip(values) {
            made.push_str(&text[at..place.start]);
            made.push_str(value);
            at = place.end;
        }
        made + &text[at..]
    };
    let tokens: Vec<String> = (0..fixes.len()).map(|at| format!("{TOKEN}{at}x")).collect();
    let masked = written(&tokens);
    let made = written(&new);
    let old: Vec<String> = old.into_iter().map(str::to_owned).collect();
    (is_filled(&masked, text, &old) && is_filled(&masked, &made, &new)).then_some(made)
}

/// A destination as it is to be written now.
fn rewritten(old: &str, change: &Change, is_pointed: bool) -> Option<String> {
    if old.contains("&#") {
        return None;
    }
    Some(match change {
        Change::Path(path) => {
            let rest = old.find(['?', '#']).map_or("", |at| &old[at..]);
            encoded(path, is_pointed) + rest
        }
        Change::Fragment(fragment) => format!("{}#{}", &old[..old.find('#')?], encoded(fragment, is_pointed)),
    })
}

/// A path as a destination: what would end it or mean something else in it is
/// percent-encoded. Between `<` and `>` a space may stay.
pub(crate) fn encoded(path: &str, is_pointed: bool) -> String {
    let mut made = String::with_capacity(path.len());
    for next in path.chars() {
        let is_kept = next == ' ' && is_pointed;
        if !is_kept && (next.is_ascii_control() || " ()<>[]|\"'`\\#?%&*".contains(next)) {
            made.push_str(&format!("%{:02X}", u32::from(next)));
        } else {
            made.push(next);
        }
    }
    made
}

/// Whether a text is the masked one with these values in place of its tokens,
/// to a parser and to the extensions.
fn is_filled(masked: &str, text: &str, values: &[String]) -> bool {
    let fill = |word: &str| filled(word, values);
    let (body, other) = (front::body(masked), front::body(text));
    let (mut events, mut others) = (events(body), events(other));
    loop {
        match (events.next(), others.next()) {
            (None, None) => break,
            (Some(one), Some(other)) if is_same(&one, &other, &fill) => {}
            _ => return false,
        }
    }
    let (marks, others) = (marks::of(body), marks::of(other));
    marks.len() == others.len()
        && marks.iter().zip(&others).all(|(one, other)| one == other || one.contains(TOKEN) && fill(one) == *other)
        && masked[..masked.len() - body.len()] == text[..text.len() - other.len()]
}

/// A word of the masked text with the values in place of its tokens.
fn filled(word: &str, values: &[String]) -> String {
    let mut parts = word.split(TOKEN);
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let value = part.split_once('x').and_then(|(number, rest)| Some((values.get(number.parse::<usize>().ok()?)?, rest)));
        match value {
            Some((value, rest)) => made.extend([value, rest]),
            None => made.extend([TOKEN, part]),
        }
    }
    made
}

fn events(body: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(body, options)
}

/// Whether two events differ in nothing but a destination.
fn is_same(one: &Event<'_>, other: &Event<'_>, fill: &impl Fn(&str) -> String) -> bool {
    match (one, other) {
        (Event::Html(one), Event::Html(other)) | (Event::InlineHtml(one), Event::InlineHtml(other)) => {
            one == other || one.contains(TOKEN) && fill(one) == **other
        }
        (Event::Start(one), Event::Start(other)) => one == other || is_same_link(one, other, fill),
        _ => one == other,
    }
}

fn is_same_link(one: &Tag<'_>, other: &Tag<'_>, fill: &impl Fn(&str) -> String) -> bool {
    let (dest, new) = match (one, other) {
        (Tag::Link { dest_url: dest, .. }, Tag::Link { dest_url: new, .. })
        | (Tag::Image { dest_url: dest, .. }, Tag::Image { dest_url: new, .. }) => (dest, new),
        _ => return false,
    };
    let mut with_new = one.clone();
    if let Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } = &mut with_new {
        *dest_url = new.clone();
    }
    dest.contains(TOKEN) && target::unescaped(&fill(dest)) == **new && with_new == *other
}

#[cfg(test)]
mod tests {
    use super::{encoded, mended};
    use crate::facts::Place;
    use crate::issue::{Change, Fix};

    /// Makes one fix where `old` stands.
    fn check(text: &str, old: &str, change: Change, expected: Option<&str>) {
        let start = u32::try_from(text.find(old).expect("old")).expect("short");
        let place = Place { start, end: start + u32::try_from(old.len()).expect("short") };
        assert_eq!(mended(text, &[Fix { place, change }]).as_deref(), expected, "{text:?}");
    }

    fn path(path: &str) -> Change {
        Change::Path(path.to_owned())
    }

    #[test]
    fn only_the_destination_changes() {
        check("[a](b.md#c)\r\n", "b.md#c", path("d/e.md"), Some("[a](d/e.md#c)\r\n"));
        check("[a](<b c.md>)", "b c.md", path("d e.md"), Some("[a](<d e.md>)"));
        check("[a](b.md)", "b.md", path("d (e).md"), Some("[a](d%20%28e%29.md)"));
        check("[r]\n\n[r]: b.md 'T'\n", "b.md", path("c.md"), Some("[r]\n\n[r]: c.md 'T'\n"));
        check("<a href=\"b.md\">x</a>", "b.md", path("c.md"), Some("<a href=\"c.md\">x</a>"));
        check("[a](b.md#old)", "b.md#old", Change::Fragment("new".to_owned()), Some("[a](b.md#new)"));
        check("[a](b\\_c.md)", "b\\_c.md", path("b_d.md"), Some("[a](b_d.md)"));
        check("---\nt: x\n---\n[![i](i.png)](b.md)\n", "i.png", path("j.png"), Some("---\nt: x\n---\n[![i](j.png)](b.md)\n"));
    }

    #[test]
    fn many_are_written_at_once() {
        let links = |path: &str| (0..1_000).map(|at| format!("[{at}]({path}{at}.md)\n")).collect::<String>();
        let text = links("old/");
        let fix = |(at, _): (usize, &str)| {
            let start = u32::try_from(at).expect("short");
            let name = text[at..].split(')').next().expect("a name");
            let place = Place { start, end: start + u32::try_from(name.len()).expect("short") };
            Fix { place, change: path(&name.replace("old/", "new/")) }
        };
        let fixes: Vec<Fix> = text.match_indices("old/").map(fix).collect();
        assert_eq!(mended(&text, &fixes), Some(links("new/")));
    }

    #[test]
    fn what_is_no_destination_is_left() {
        check("`b.md`", "`b.md", path("c.md"), None);
        check("# b.md\n", "# b.md", path("c.md"), None);
    }

    #[test]
    fn unsafe_characters_are_encoded() {
        assert_eq!(encoded("a b/ä(1).md", false), "a%20b/ä%281%29.md");
        assert_eq!(encoded("a b.md", true), "a b.md");
    }
}
