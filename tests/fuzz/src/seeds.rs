//! Writes what fuzzing begins with: `seeds FROM... TO` puts every text of `seeds/`,
//! made into a component with a manifest, and copies of the files FROM into TO.

use std::path::{Path, PathBuf};

use wasm_encoder::{ComponentSection as _, CustomSection};

const MANIFEST: &str = r#"{"name": "seed", "version": "0.1.0", "description": "", "documents": ["**/*.md"], "config": ["a"],
  "capabilities": {"list": {"globs": ["**"]}, "read": {"globs": ["docs/**"], "optional": true}, "edit": {"globs": ["*"]}, "history": {}},
  "limits": {"calls_max": 10}}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let to = words.pop().ok_or("seeds FROM... TO")?;
    std::fs::create_dir_all(&to)?;
    for from in &words {
        std::fs::copy(from, to.join(from.file_name().ok_or("a file")?))?;
    }
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds"))? {
        let path = entry?.path();
        let mut bytes = wat::parse_file(&path)?;
        CustomSection { name: "lifeos:manifest".into(), data: MANIFEST.as_bytes().into() }.append_to_component(&mut bytes);
        std::fs::write(to.join(path.file_stem().ok_or("a name")?).with_extension("wasm"), bytes)?;
    }
    Ok(())
}
