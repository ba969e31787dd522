//! What was tried as a report of the JUnit form, for continuous integration. Text
//! is cleaned: XML has no escape for control characters.

use lifeos::clean;
use lifeos::trial::Tried;
use lifeos::trial::verdict::{Mismatch, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// The report: a suite for the plugin, a case for each that was tried.
pub(super) fn report(plugin: &str, tried: &[Tried]) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into memory does not fail.
    let _infallible = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let count = |is: fn(&Verdict) -> bool| tried.iter().filter(|tried| is(&tried.verdict)).count().to_string();
    let failures = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    let (tests, time) = (tried.len().to_string(), seconds(tried.iter().map(|tried| tried.took).sum()));
    let numbers = [("tests", tests.as_str()), ("failures", &failures), ("errors", "0"), ("skipped", &skipped), ("time", &time)];
    let suites = writer.create_element("testsuites").with_attribute(("name", "lifeos plugin test"));
    let _infallible = suites.with_attributes(numbers).write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attribute(("name", plugin)).with_attributes(numbers);
        suite.write_inner_content(|writer| tried.iter().try_for_each(|tried| case(writer, tried))).map(drop)
    });
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn case(writer: &mut Writer<Vec<u8>>, tried: &Tried) -> std::io::Result<()> {
    let Tried { class, name, verdict, took, .. } = tried;
    let time = seconds(*took);
    let element = writer.create_element("testcase");
    let element = element.with_attributes([("name", name.as_str()), ("classname", class.word()), ("time", &time)]);
    match verdict {
        Verdict::Passed => element.write_empty().map(drop),
        Verdict::Skipped(why) => element
            .write_inner_content(|writer| {
                writer.create_element("skipped").with_attribute(("message", why.as_str())).write_empty().map(drop)
            })
            .map(drop),
        Verdict::Failed(mismatches) => {
            let message = mismatches.first().map_or("", |mismatch| &mismatch.what);
            let text: String = mismatches.iter().map(words).collect();
            let write = |writer: &mut Writer<Vec<u8>>| {
                let failure = writer.create_element("failure").with_attribute(("message", message));
                failure.write_text_content(BytesText::new(&text)).map(drop)
            };
            element.write_inner_content(write).map(drop)
        }
    }
}

fn words(mismatch: &Mismatch) -> String {
    let diff = mismatch.diff.as_deref().map(clean::block).unwrap_or_default();
    format!("{}\n{diff}", mismatch.what)
}

fn seconds(took: std::time::Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}
