//! Components that nobody means well with: whatever their bytes are, an audit and
//! the loader end soon, take little memory, and say what is wrong.

use std::time::{Duration, Instant};

use lifeos::digest::Digest;
use lifeos::plugin::Plugin;
use lifeos::plugin::audit::Audit;
use lifeos::plugin::diff::{Outline, differences};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef, ComponentTypeSection,
    ComponentValType, CustomSection, Encode, NestedComponentSection, PrimitiveValType, RawSection, TypeBounds,
};

use crate::rig::components::{MANIFEST, add_manifest, task_wat, wat};
use crate::rig::{Ran, TestRepo, hostile, peak};

/// A machine that is busy with other tests is several times slower.
const AUDIT_MAX: Duration = Duration::from_secs(20);

/// Reads, audits and compares a component; none of it may panic, and the audit
/// calls nothing loadable that the loader refuses.
fn read(bytes: &[u8]) -> bool {
    let digest = Digest::of(bytes);
    let loads = Plugin::read(bytes.to_vec()).is_ok();
    if let Ok(audit) = Audit::of(bytes, digest, None) {
        assert!(loads || !audit.within, "{:?}", audit.findings);
    }
    if let Ok(outline) = Outline::read(bytes, digest) {
        assert_eq!(differences(&outline, &outline), []);
    }
    loads
}

/// Audits a file with the program, within a time and so many bytes of memory
/// besides those of the file.
#[track_caller]
fn audited(bytes: &[u8], memory_max: u64) -> Ran {
    let repo = TestRepo::nowhere();
    let path = repo.scratch().join("x.wasm");
    std::fs::write(&path, bytes).expect("a component");
    let begin = Instant::now();
    let (ran, memory) = peak(&repo, &["plugin", "audit", &path.display().to_string()]);
    assert!(begin.elapsed() < AUDIT_MAX, "{:?}\n{ran}", begin.elapsed());
    // The file is mapped or read once; the program itself takes some 20 MiB.
    assert!(memory < memory_max + bytes.len() as u64, "{} MiB\n{ran}", memory >> 20);
    ran.keeps_quiet_about("panicked");
    assert!(matches!(ran.code, Some(0 | 2 | 20 | 21)), "{ran}");
    assert!(ran.stdout.len() < 200_000 && ran.stderr.len() < 10_000, "{} {}", ran.stdout.len(), ran.stderr.len());
    ran
}

const MIB: u64 = 1 << 20;

#[test]
fn case_13_a_component_cut_anywhere_is_an_error() {
    let whole = std::fs::read(hostile("everything")).expect("a component");
    assert!(read(&whole));
    for at in (0..whole.len()).step_by(97) {
        assert!(!read(&whole[..at]), "cut at {at}");
    }
}

#[test]
fn case_13_random_flips_are_read_or_refused() {
    let whole = std::fs::read(hostile("everything")).expect("a component");
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).expect("a number below a size")
    };
    let mut read_all_the_same = 0;
    for _ in 0..3_000 {
        let mut bytes = whole.clone();
        for _ in 0..=next(4) {
            // Half of them near the ends, where the outside of a component is told.
            let near = [next(whole.len()), next(2_000), whole.len() - 1 - next(3_000)][next(3)];
            bytes[near] ^= u8::try_from(1 + next(255)).expect("a byte");
        }
        read_all_the_same += u32::from(read(&bytes));
    }
    assert!((1..3_000).contains(&read_all_the_same), "{read_all_the_same}");
}

/// A component with this in front of its manifest.
fn with(fill: impl FnOnce(&mut Component)) -> Vec<u8> {
    let mut component = Component::new();
    fill(&mut component);
    let mut bytes = component.finish();
    add_manifest(&mut bytes, MANIFEST);
    bytes
}

#[test]
fn a_thousand_components_inside_each_other_or_side_by_side() {
    let empty = || Component::new();
    let beside = with(|outer| {
        (0..1_000).for_each(|_| {
            outer.section(&NestedComponentSection(&empty()));
        });
    });
    audited(&beside, 100 * MIB).says("1000 components inside");
    // Each level costs more than the one around it: a hundred thousand would take hours.
    let nested = |levels: usize| {
        let header = b"\0asm\x0d\0\x01\0";
        let (mut size, mut parts) = (header.len(), vec![header.to_vec()]);
        for _ in 0..levels {
            let mut part = [header, &b"\x04"[..]].concat();
            Encode::encode(&size, &mut part);
            size += part.len();
            parts.push(part);
        }
        parts.reverse();
        parts.concat()
    };
    audited(&nested(100), 200 * MIB).says("100 components inside");
    for levels in [101, 100_000] {
        audited(&nested(levels), 200 * MIB).exits(21).says("parts within one another");
    }
}

fn types(count: u32) -> Vec<u8> {
    with(|component| {
        let mut section = ComponentTypeSection::new();
        (0..count).for_each(|_| section.defined_type().primitive(PrimitiveValType::U8));
        component.section(&section);
    })
}

#[test]
fn a_million_types() {
    audited(&types(900_000), 600 * MIB);
    audited(&types(1_000_001), 600 * MIB).exits(2);
}

/// A record of many fields, and many functions that take it.
fn wide(fields: usize, functions: usize) -> Vec<u8> {
    with(|component| {
        let names: Vec<String> = (0..fields).map(|at| format!("field-{at}")).collect();
        let mut section = ComponentTypeSection::new();
        section
            .defined_type()
            .record(names.iter().map(|name| (name.as_str(), ComponentValType::Primitive(PrimitiveValType::U8))));
        component.section(&section);
        let mut imports = ComponentImportSection::new();
        imports.import("row", ComponentTypeRef::Type(TypeBounds::Eq(0)));
        component.section(&imports);
        let mut section = ComponentTypeSection::new();
        section.function().params([("x", ComponentValType::Type(1))]).result(Some(ComponentValType::Type(1)));
        component.section(&section);
        let mut imports = ComponentImportSection::new();
        for at in 0..functions {
            imports.import(format!("function-{at}"), ComponentTypeRef::Func(2));
        }
        component.section(&imports);
    })
}

#[test]
fn many_functions_over_a_wide_record() {
    // All types together are bounded, however often one is used.
    audited(&wide(10_000, 10_000), 400 * MIB).exits(2).says("effective type size");
    audited(&wide(40, 9_000), 400 * MIB).exits(20).says("and 8940 more");
    audited(&wide(1, 100_000), 400 * MIB).exits(21).says("more than 10000 imports");
}

#[test]
fn tuples_that_double_at_each_level() {
    let mut types = String::from("(type $t0 (tuple u8 u8))");
    for level in 1..64 {
        types.push_str(&format!("(type $t{level} (tuple $t{} $t{}))", level - 1, level - 1));
    }
    for level in [17, 63] {
        let bytes = ::wat::parse_str(format!("(component {types} (import \"f\" (func (param \"x\" $t{level}))))"));
        audited(&bytes.expect("WebAssembly text"), 200 * MIB);
    }
}

#[test]
fn names_of_a_hundred_thousand_bytes() {
    for name in
        ["a".repeat(99_000), format!("url=<{}>", "\u{202e}x".repeat(20_000)), format!("wasi:cli/{}@0.2.0", "a".repeat(90_000))]
    {
        let bytes = with(|component| {
            let mut section = ComponentTypeSection::new();
            section.function().params::<[(&str, ComponentValType); 0], ComponentValType>([]).result(None);
            component.section(&section);
            let mut imports = ComponentImportSection::new();
            imports.import(&name, ComponentTypeRef::Func(0));
            component.section(&imports);
        });
        audited(&bytes, 100 * MIB);
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        repo.task_of(&bytes, "");
        let ran = repo.lifeos(&["check", "t"]);
        assert!(matches!(ran.code, Some(2 | 20)) && ran.stderr.len() < 2_000, "{ran}");
    }
}

#[test]
fn an_import_that_stands_there_twice_is_refused() {
    let bytes = with(|component| {
        let mut section = ComponentTypeSection::new();
        section.function().params::<[(&str, ComponentValType); 0], ComponentValType>([]).result(None);
        component.section(&section);
        let mut imports = ComponentImportSection::new();
        imports.import("twice", ComponentTypeRef::Func(0)).import("twice", ComponentTypeRef::Func(0));
        component.section(&imports);
    });
    audited(&bytes, 100 * MIB).exits(2).says("twice");
}

#[test]
fn an_instance_that_is_taken_again_and_again_is_not_walked_each_time() {
    let component = |functions: u32, imports: u32| {
        let functions: String = (0..functions).map(|at| format!("(export \"f{at}\" (func))")).collect();
        let imports: String = (0..imports).map(|at| format!("(import \"i{at}\" (instance (type $i)))")).collect();
        ::wat::parse_str(format!("(component (type $i (instance {functions})) {imports})")).expect("WebAssembly text")
    };
    audited(&component(4_000, 3_000), 400 * MIB).exits(2).says("effective type size");
    audited(&component(30, 900), 400 * MIB).exits(21).says("functions and types");
}

#[test]
fn sections_whose_size_is_a_lie() {
    for id in 0..=12_u8 {
        for data in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[1, 0xff, 0xff, 0xff, 0x07], &[0x80, 0x80, 0x80, 0x80, 0x80], &[]] {
            let bytes = with(|component| {
                component.section(&RawSection { id, data });
            });
            read(&bytes);
            let head = &bytes[..8];
            read(&[head, &[id], data].concat());
        }
    }
}

#[test]
fn the_manifest_is_one_and_of_the_outermost_component() {
    let named =
        |name: &str| CustomSection { name: "lifeos:manifest".into(), data: MANIFEST.replace("wat", name).into_bytes().into() };
    let mut inside = Component::new();
    inside.section(&named("inside"));
    let mut only_inside = Component::new();
    only_inside.section(&NestedComponentSection(&inside));
    audited(&only_inside.finish(), 100 * MIB).exits(20).says("audit/no-manifest").keeps_quiet_about("inside 0.1.0");
    let both = with(|outer| {
        outer.section(&NestedComponentSection(&inside));
    });
    audited(&both, 100 * MIB).says("wat 0.1.0");
    let two = with(|outer| {
        outer.section(&named("first"));
    });
    audited(&two, 100 * MIB).exits(20).says("more than one manifest");
    let large = with(|outer| {
        outer.section(&CustomSection { name: "lifeos:manifest".into(), data: vec![b' '; 60_000_000].into() });
    });
    audited(&large, 100 * MIB).exits(21).says("60000000 bytes");
}

#[test]
fn hidden_characters_are_shown_wherever_they_stand() {
    let hidden = "\u{1b}]52;c;eA==\u{7}\u{202e}\u{200b}";
    let mut bytes = wat(&task_wat("", "", "", ""));
    let producers = {
        let mut field = wasm_encoder::ProducersField::new();
        field.value(hidden, hidden);
        let mut section = wasm_encoder::ProducersSection::new();
        section.field(hidden, &field);
        section
    };
    use wasm_encoder::ComponentSection as _;
    producers.append_to_component(&mut bytes);
    CustomSection { name: hidden.into(), data: hidden.as_bytes().into() }.append_to_component(&mut bytes);
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let path = repo.task_of(&bytes, "").display().to_string();
    for format in [&["--json"][..], &["--format", "markdown"], &["--format", "sarif"], &["--format", "text"]] {
        // The rig asserts that nothing of it is printed raw.
        repo.lifeos(&[&["plugin", "audit", &path], format].concat()).exits(0);
    }
    let told = MANIFEST.replace("\"description\": \"\"", "\"description\": \"a\\u202eb\\u200bc\"");
    let mut bytes = ::wat::parse_str(task_wat("", "", "", "")).expect("WebAssembly text");
    add_manifest(&mut bytes, &told);
    std::fs::write(&path, &bytes).expect("a component");
    repo.lifeos(&["plugin", "audit", &path]).exits(0).says("a\\u{202e}b\\u{200b}c");
    let exported = with(|component| {
        let mut section = ComponentTypeSection::new();
        section.defined_type().primitive(PrimitiveValType::U8);
        component.section(&section);
        let mut exports = ComponentExportSection::new();
        exports.export(format!("url=<{hidden}>"), ComponentExportKind::Type, 0, None);
        component.section(&exports);
    });
    std::fs::write(&path, exported).expect("a component");
    repo.lifeos(&["plugin", "audit", &path, "--json"]);
    repo.lifeos(&["plugin", "diff", &path, &path]);
}
