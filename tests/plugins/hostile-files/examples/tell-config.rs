//! Tells what configuration it was handed.

use hostile_files::{Conclusion, Danger, Finding, Seen, finding};

struct TellConfig;

impl Danger for TellConfig {
    fn conclude(seen: &Seen<'_>, conclusion: &mut Conclusion) {
        conclusion.findings.push(Finding { message: seen.config.join(" "), ..finding("hostile/config", None) });
    }
}

hostile_files::danger!(TellConfig);
