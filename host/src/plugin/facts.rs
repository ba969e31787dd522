//! Everything that the bytes of a component say, ours or anybody's: functions
//! it takes and gives, tools that made it, what stands inside of it. Types are
//! validated and code is not: nothing is compiled, and no guest runs.

use std::collections::BTreeSet;

use wasmparser::component_types::ComponentItem;
use wasmparser::types::TypesRef;
use wasmparser::{
    ComponentTypeRef, Encoding, KnownCustom, Parser, Payload, ProducersSectionReader, TypeBounds, ValidPayload, Validator,
    WasmFeatures,
};

use super::signature::{Function, Writer};
use super::{NESTED_MAX, PluginError, Surface};
use crate::clean;
use crate::digest::Digest;

/// Functions and types of all that a component takes, and of all that it gives.
pub const ITEMS_MAX: usize = 20_000;
/// Components within a component that are told of.
pub const INNER_MAX: usize = 200;
/// Tools that are told of.
const PRODUCERS_MAX: usize = 50;
/// Bytes of a name that is told of.
const NAME_BYTES_MAX: usize = 200;

/// WebAssembly proposals that stay off, several of which are on by default. The
/// engine is configured with this very list.
pub(crate) const OFF: WasmFeatures = WasmFeatures::GC
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::CM_ASYNC)
    .union(WasmFeatures::CM_GC)
    .union(WasmFeatures::CM_ERROR_CONTEXT);

/// What the bytes of a component say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it takes, by name.
    pub imports: Vec<Interface>,
    /// What it gives, by name.
    pub exports: Vec<Interface>,
    /// What made it, as it says itself.
    pub producers: Vec<Producer>,
    /// Components within it, at any depth.
    pub components: u64,
    /// The first of them: each reaches no more than the outermost one takes.
    pub inner: Vec<Inner>,
    /// Core modules within it, at any depth.
    pub modules: u64,
}

/// An interface, or a function that stands by itself, of a component.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Interface {
    /// As it stands in the component, cleaned.
    pub name: String,
    /// Its functions that the component names.
    pub functions: Vec<Function>,
}

/// A tool that had a hand in the component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct Producer {
    /// `language`, `processed-by`, or `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A component within a component.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Inner {
    /// How deep it lies: 1 for one directly inside.
    pub depth: u32,
    /// What it takes, from the component around it.
    pub imports: Vec<String>,
}

impl Facts {
    /// Reads a component without running or compiling any of it.
    ///
    /// # Errors
    /// [`PluginError`] for what is no component, or none whose types are valid,
    /// or one with more of something than any plugin has use for.
    pub fn read(bytes: &[u8]) -> Result<Self, PluginError> {
        Surface::check_head(bytes)?;
        let malformed = |error: wasmparser::BinaryReaderError| PluginError::malformed(error.message());
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let mut walk = Walk::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(malformed)?;
            if walk.open.len() > NESTED_MAX + 1 {
                return Err(PluginError::TooMany { what: "parts within one another", max: NESTED_MAX });
            }
            if let Payload::Version { encoding: Encoding::Module, .. } = payload
                && walk.open.is_empty()
            {
                return Err(PluginError::CoreModule);
            }
            // A body is not looked at: it is validated when it is compiled, under limits.
            let valid = match &payload {
                Payload::CodeSectionEntry(_) => continue,
                payload => validator.payload(payload).map_err(malformed)?,
            };
            walk.take(&payload).map_err(malformed)?;
            if let ValidPayload::End(types) = valid {
                walk.end(types.as_ref())?;
            }
        }
        Ok(walk.facts.in_order())
    }

    fn in_order(mut self) -> Self {
        self.imports.sort_by(|one, other| one.name.cmp(&other.name));
        self.exports.sort_by(|one, other| one.name.cmp(&other.name));
        self.producers.sort();
        self.producers.dedup();
        self.producers.truncate(PRODUCERS_MAX);
        self
    }
}

/// What the types of a component take of WebAssembly that is off here, if they take
/// any; the component is one that [`Facts::read`] takes.
pub(super) fn off(bytes: &[u8]) -> Option<String> {
    let mut strict = Validator::new_with_features(WasmFeatures::default().difference(OFF));
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let mut types = payloads.filter(|payload| !matches!(payload, Payload::CodeSectionEntry(_)));
    types.find_map(|payload| strict.payload(&payload).err()).map(|error| shown(error.message()))
}

/// The way through the bytes.
#[derive(Default)]
struct Walk {
    facts: Facts,
    /// What is open, outermost first: a component with its names so far, or a core module.
    open: Vec<Open>,
}

#[derive(Default)]
struct Open {
    is_component: bool,
    imports: Vec<String>,
    exports: BTreeSet<String>,
}

impl Walk {
    fn take(&mut self, payload: &Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::Version { encoding, .. } => {
                let is_component = *encoding == Encoding::Component;
                self.facts.modules += u64::from(!is_component);
                self.open.push(Open { is_component, ..Open::default() });
            }
            Payload::ComponentImportSection(reader) => {
                for import in reader.clone() {
                    let import = import?;
                    // An alias of a type brings no function with it.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        self.top().imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(reader) => {
                for export in reader.clone() {
                    let name = export?.name.name.to_owned();
                    self.top().exports.insert(name);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Producers(reader) = section.as_known() {
                    // Whatever is wrong with what a tool says of itself is no fault of the component.
                    self.facts.producers.extend(producers(reader).unwrap_or_default());
                    self.facts.producers.sort();
                    self.facts.producers.dedup();
                    self.facts.producers.truncate(PRODUCERS_MAX);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn top(&mut self) -> &mut Open {
        if self.open.is_empty() {
            self.open.push(Open::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    /// The end of a component or of a module within it.
    fn end(&mut self, types: TypesRef<'_>) -> Result<(), PluginError> {
        let Some(ended) = self.open.pop() else { return Ok(()) };
        if !ended.is_component {
            return Ok(());
        }
        if !self.open.is_empty() {
            self.facts.components += 1;
            if self.facts.inner.len() < INNER_MAX {
                let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
                let imports = ended.imports.iter().take(INNER_MAX).map(|name| shown(name)).collect();
                self.facts.inner.push(Inner { depth, imports });
            }
            return Ok(());
        }
        Surface::check_count("imports", &ended.imports)?;
        let mut writer = Writer::new(types);
        let imports = ended.imports.iter().map(|name| (name, types.component_item_for_import(name)));
        self.facts.imports = interfaces(&mut writer, imports)?;
        let exports = ended.exports.iter().map(|name| (name, types.component_item_for_export(name)));
        self.facts.exports = interfaces(&mut writer, exports)?;
        Ok(())
    }
}

fn interfaces<'n>(
    writer: &mut Writer<'_>,
    names: impl Iterator<Item = (&'n String, Option<&'n ComponentItem>)>,
) -> Result<Vec<Interface>, PluginError> {
    let mut room = ITEMS_MAX;
    let mut interfaces = Vec::new();
    for (name, item) in names {
        room = room.checked_sub(1 + item.map_or(0, |item| writer.items(&item.ty))).ok_or(TOO_MANY)?;
        let functions = item.map_or_else(Vec::new, |item| writer.functions(&item.ty));
        interfaces.push(Interface { name: shown(name), functions });
    }
    Ok(interfaces)
}

const TOO_MANY: PluginError = PluginError::TooMany { what: "functions and types on one side", max: ITEMS_MAX };

fn producers(reader: ProducersSectionReader<'_>) -> Result<Vec<Producer>, wasmparser::BinaryReaderError> {
    let mut producers = Vec::new();
    for field in reader.into_iter().take(PRODUCERS_MAX) {
        let field = field?;
        for value in field.values.into_iter().take(PRODUCERS_MAX) {
            let value = value?;
            producers.push(Producer { field: shown(field.name), name: shown(value.name), version: shown(value.version) });
        }
    }
    Ok(producers)
}

/// A name made inert and short. One that had to be changed for that ends with the
/// beginning of its digest, so that no two names look the same.
pub(super) fn shown(name: &str) -> String {
    let shown = clean::shown(name, NAME_BYTES_MAX);
    if shown == name { shown } else { format!("{shown}~{}", &Digest::of(name.as_bytes()).hex()[..12]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Facts {
        Facts::read(&wat::parse_str(text).expect("WebAssembly text")).expect("a component")
    }

    #[test]
    fn functions_are_told_by_name_and_structure() {
        let of = |field: &str| {
            facts(&format!(
                r#"(component (import "a:b/c@1.0.0" (instance
                    (type $r (record (field "{field}" u32)))
                    (export "row" (type $row (eq $r)))
                    (type $f (func (param "x" (list $row)) (result (result string (error $row)))))
                    (export "go" (func (type $f))))))"#
            ))
        };
        let (one, same, other) = (of("x"), of("x"), of("y"));
        assert_eq!(one, same);
        assert_eq!(one.imports.len(), 1);
        let function = &one.imports[0].functions[0];
        assert_eq!((one.imports[0].name.as_str(), function.name.as_str()), ("a:b/c@1.0.0", "go"));
        assert_eq!(function.signature, "func(x: list<row>) -> result<string, row>");
        // The words are the same: the type behind the name is another.
        assert_eq!(other.imports[0].functions[0].signature, function.signature);
        assert_ne!(other.imports[0].functions[0].digest, function.digest);
    }

    #[test]
    fn what_stands_inside_is_walked() {
        let inside = facts(
            r#"(component (component (import "wasi:http/types@0.2.0" (instance)) (component)) (core module) (export "m" (core module 0)))"#,
        );
        assert_eq!(inside.modules, 1);
        let inner: Vec<_> = inside.inner.iter().map(|inner| (inner.depth, inner.imports.as_slice())).collect();
        assert_eq!(inner, [(2, &[][..]), (1, &["wasi:http/types@0.2.0".to_owned()][..])]);
        assert!(inside.imports.is_empty());
    }

    #[test]
    fn types_that_double_at_each_level_stay_short() {
        let mut types = String::from("(type $t0 (tuple u8 u8))");
        for level in 1..18 {
            types.push_str(&format!("(type $t{level} (tuple $t{} $t{}))", level - 1, level - 1));
        }
        let wide = facts(&format!(r#"(component {types} (import "f" (func (param "x" $t17))))"#));
        assert!(wide.imports[0].functions[0].signature.len() < SIGNATURE_LEN);
    }

    const SIGNATURE_LEN: usize = super::super::signature::SIGNATURE_BYTES_MAX + 10;
}
