//! Every key that `lifeos.toml` may have stands in docs/configuration.md, in its own
//! table, and no other key does. What a key does is tested where it does it.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::manifest_keys::fields;
use crate::rig::workspace;

/// Tables of `lifeos.toml` as the page shows them, and the type that reads each.
const TABLES: &[(&str, &str, &str)] = &[
    ("", "host/src/config.rs", "File"),
    ("remote", "host/src/config.rs", "Remote"),
    ("remote.forge", "host/src/config.rs", "Forge"),
    ("budget", "host/src/config/model.rs", "Budget"),
    ("model", "host/src/config/model.rs", "Model"),
    ("model.price", "host/src/budget/price.rs", "PerMillion"),
    ("task.docs", "host/src/config.rs", "Table"),
    ("task.docs.limits", "host/src/policy.rs", "Limits"),
    ("task.docs.model", "host/src/config/model.rs", "ModelGrant"),
];

/// The blocks of TOML on the page.
fn blocks() -> Vec<Table> {
    let page = std::fs::read_to_string(workspace().join("docs/configuration.md")).expect("the page");
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("\n```").next().expect("a block"));
    blocks.map(|block| block.parse().unwrap_or_else(|error| panic!("{error}\n{block}"))).collect()
}

/// The keys that a table has in any of the blocks.
fn shown(blocks: &[Table], table: &str) -> BTreeSet<String> {
    let within = |block: &Table| {
        let mut words = table.split('.').filter(|word| !word.is_empty());
        words.try_fold(block.clone(), |table, word| table.get(word).and_then(Value::as_table).cloned())
    };
    blocks.iter().filter_map(within).flat_map(|table| table.keys().cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn every_key_of_lifeos_toml_stands_on_its_page() {
    let blocks = blocks();
    for (table, file, of) in TABLES {
        let keys: BTreeSet<String> = fields(file, of).into_iter().collect();
        assert!(!keys.is_empty(), "{of}");
        assert_eq!(shown(&blocks, table), keys, "[{table}], which {of} reads");
    }
}
