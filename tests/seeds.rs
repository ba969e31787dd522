//! What fuzzing begins with: components without their code, which an audit does
//! not look at. `LIFEOS_SEEDS=FOLDER` keeps them there; see the recipe `fuzz`.

use lifeos::digest::Digest;
use lifeos::plugin::Plugin;
use lifeos::plugin::audit::Audit;
use lifeos::plugin::facts::Facts;

use crate::rig::components::{MANIFEST, std_guest, task_wat, wat_with};
use crate::rig::{hostile, hostile_files};

/// Types of every kind, and components and modules inside.
const TYPES: &str = r#"(component
  (type $flags (flags "a" "b"))
  (import "flags" (type $f (eq $flags)))
  (type $variant (variant (case "none") (case "some" (list u8)) (case "more" (tuple $f s8 f32))))
  (import "variant" (type $v (eq $variant)))
  (import "r" (type $r (sub resource)))
  (import "a:b/c@1.0.0" (instance
    (export "r" (type $inner (sub resource)))
    (export "[method]r.go" (func (param "self" (borrow $inner)) (result (own $inner))))
    (export "take" (func (param "x" (option (result u8 (error string))))))))
  (import "f" (func (param "x" $v) (result (list $f))))
  (component (import "g" (func)) (component) (export "h" (func 0)))
  (core module (func (export "x")) (memory 1)))"#;

const WASI: &str = r#"(import "lifeos:task/log@0.1.0" (instance
    (type $level (enum "debug" "info" "warn"))
    (export "level" (type $l (eq $level)))
    (export "write" (func (param "level" $l) (param "text" string)))))
  (import "wasi:cli/environment@0.2.6" (instance (export "get-arguments" (func (result (list string))))))"#;

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let rich = MANIFEST.replace(
        "{}",
        r#"{"list": {"globs": ["**"]}, "read": {"globs": ["docs/**"], "optional": true}, "edit": {"globs": ["*"]}, "history": {}}"#,
    );
    let rich = rich.replace(
        "\"description\"",
        "\"documents\": [\"a\"], \"config\": [\"b\"], \"limits\": {\"calls_max\": 1}, \"description\"",
    );
    let built = |path| std::fs::read(path).expect("a component");
    vec![
        ("hostile", without_code(&built(hostile("everything"))).expect("a component")),
        ("hostile-files", without_code(&built(hostile_files("count-in-conclude"))).expect("a component")),
        ("std-guest", without_code(&std_guest()).expect("a component")),
        ("types", wat_with(TYPES, &rich)),
        ("task", wat_with(&task_wat(WASI, "", "", ""), &rich)),
    ]
}

/// The same module or component with functions that do nothing and without data.
fn without_code(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = bytes.split_at_checked(8)?;
    let is_component = head[6] == 1;
    let mut out = head.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (body, after) = after.split_at_checked(size)?;
        rest = after;
        let body = match (is_component, id) {
            // Modules and components inside; the code of a module, its names, its data and their count.
            (true, 1 | 4) => without_code(body)?,
            (false, 10) => {
                let (count, _) = number(body)?;
                [written(count), [3, 0, 0, 0x0b].repeat(count)].concat()
            }
            (false, 0 | 11 | 12) => continue,
            _ => body.to_vec(),
        };
        out.push(*id);
        out.extend(written(body.len()));
        out.extend(body);
    }
    Some(out)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = 1 + bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(length)?;
    Some((number.iter().rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f)), rest))
}

fn written(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        bytes.push(if number > 0 { low | 0x80 } else { low });
        if number == 0 {
            return bytes;
        }
    }
}

#[test]
fn an_audit_does_not_depend_on_code() {
    for (path, name) in [(hostile("everything"), "hostile"), (hostile_files("count-in-conclude"), "hostile-files")] {
        let whole = std::fs::read(path).expect("a component");
        let (_, short) = seeds().into_iter().find(|(seed, _)| *seed == name).expect("a seed");
        assert!(short.len() * 10 < whole.len(), "{name}: {} bytes", short.len());
        let of = |bytes: &[u8]| Facts::read(bytes).expect("a component");
        let (one, other) = (of(&whole), of(&short));
        assert_eq!(
            (one.imports, one.exports, one.modules, one.inner),
            (other.imports, other.exports, other.modules, other.inner)
        );
        assert!(Plugin::read(short).is_ok());
    }
}

#[test]
fn seeds_are_read_to_their_end() {
    let folder = std::env::var_os("LIFEOS_SEEDS").map(std::path::PathBuf::from);
    folder.iter().for_each(|folder| std::fs::create_dir_all(folder).expect("a folder"));
    for (name, bytes) in seeds() {
        let audit = Audit::of(&bytes, Digest::of(&bytes), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(audit.within, name != "types", "{name}: {:?}", audit.findings);
        if let Some(folder) = &folder {
            std::fs::write(folder.join(name), bytes).expect("a seed");
        }
    }
}
