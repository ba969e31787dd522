//! Bytes of a component as they come: whatever they are, reading, auditing and
//! comparing them ends soon, with a value or an error, and what the audit calls
//! loadable is what the loader takes.
#![no_main]

use lifeos::digest::Digest;
use lifeos::plugin::Plugin;
use lifeos::plugin::audit::Audit;
use lifeos::plugin::diff::{Outline, differences};
use lifeos::plugin::facts::Facts;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let digest = Digest::of(bytes);
    let loads = Plugin::read(bytes.to_vec()).is_ok();
    let facts = Facts::read(bytes);
    match Audit::of(bytes, digest, None) {
        Ok(audit) => {
            // The audit may know more against a component than the loader, which does not look at types.
            assert!(loads || !audit.within);
            let text = serde_json::to_string(&audit).expect("an audit is JSON");
            assert!(!text.contains(|char: char| char.is_control() || lifeos::clean::is_hidden(char)));
        }
        Err(_) => assert!(facts.is_err() || Outline::read(bytes, digest).is_err() || !loads),
    }
    if let Ok(outline) = Outline::read(bytes, digest) {
        assert_eq!(differences(&outline, &outline), []);
    }
});
