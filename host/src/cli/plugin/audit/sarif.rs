//! An audit as SARIF 2.1.0, for code scanning: one result for each finding. Only
//! the fields that are filled are here.

use lifeos::digest::Digest;
use lifeos::edit::Severity;
use lifeos::plugin::audit::{Audit, Finding, RULES};
use serde::Serialize;

use super::lines::line_of;
use super::text::fixed;

#[derive(Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
struct Run {
    tool: Tool,
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Serialize)]
struct Fingerprints {
    /// Of rule and subject: the same finding of another version is the same.
    #[serde(rename = "lifeos/v1")]
    finding: String,
}

/// The whole log; `file` is where the component is, `tasks` the text of `lifeos.toml`.
pub(super) fn log(audit: &Audit, file: &str, tasks: Option<&str>) -> Log {
    let rule = |(id, level, text): &(&'static str, Severity, &str)| Rule {
        id,
        short_description: Message { text: (*text).to_owned() },
        default_configuration: Configuration { level: level.word() },
    };
    let driver = Driver { name: "lifeos", version: env!("CARGO_PKG_VERSION"), rules: RULES.iter().map(rule).collect() };
    let results = audit.findings.iter().map(|finding| outcome(finding, audit, file, tasks)).collect();
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, results }],
    }
}

fn outcome(finding: &Finding, audit: &Audit, file: &str, tasks: Option<&str>) -> Outcome {
    let fix = finding.fix.as_ref();
    let text = fix.map_or_else(|| finding.message.clone(), |fix| format!("{}; {}", finding.message, fixed(fix)));
    // What the owner is to change is shown where it stands, the rest at the component.
    let key = fix.filter(|fix| fix.file == lifeos::config::FILE).map(|fix| fix.line.split(' ').next().unwrap_or_default());
    let line = key.and_then(|key| line_of(tasks?, audit.task.as_deref()?, key));
    let uri = if key.is_some() { lifeos::config::FILE } else { file };
    let parts = [finding.rule, finding.subject.as_str()].map(str::as_bytes);
    Outcome {
        rule_id: finding.rule,
        level: finding.level.word(),
        message: Message { text },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact { uri: escaped(uri) },
                region: line.map(|start_line| Region { start_line }),
            },
        }],
        partial_fingerprints: Fingerprints { finding: Digest::of_parts(parts).hex() },
    }
}

/// A path as a reference that any reader of addresses takes for a path.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
