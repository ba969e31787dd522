//! A function of a component in words, as WIT would write it, and a digest over
//! its whole structure: two functions of one digest take and give the same.

use std::collections::HashMap;

use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncType, ComponentFuncTypeId, ComponentInstanceType, ComponentValType,
};
use wasmparser::types::TypesRef;

use super::facts::shown;
use crate::digest::Digest;

/// Bytes of a signature in words; what is longer is cut, its digest is of the whole.
pub const SIGNATURE_BYTES_MAX: usize = 1_000;
/// Parts of a type that are written out: more would not fit.
const PARTS_MAX: usize = SIGNATURE_BYTES_MAX / 2;
/// How deep types are followed; deeper ones do not pass validation.
const DEPTH_MAX: u32 = 100;

/// One function that a component takes or gives.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Function {
    /// Its name in the interface; empty for one that stands by itself.
    pub name: String,
    /// Parameters and result in words; types that have names stand by them.
    pub signature: String,
    /// Over the structure of all types behind it.
    #[schemars(with = "String")]
    pub digest: Digest,
}

/// Writes functions; structures that were digested once are not walked again.
pub(super) struct Writer<'t> {
    types: TypesRef<'t>,
    digests: HashMap<ComponentDefinedTypeId, Digest>,
    functions: HashMap<ComponentFuncTypeId, Digest>,
}

/// The names that an interface gives to its types.
#[derive(Default)]
struct Names<'t> {
    defined: HashMap<ComponentDefinedTypeId, &'t str>,
    resources: HashMap<AliasableResourceId, &'t str>,
}

impl<'t> Writer<'t> {
    pub(super) fn new(types: TypesRef<'t>) -> Self {
        Self { types, digests: HashMap::new(), functions: HashMap::new() }
    }

    /// How many functions and types an import or export brings.
    pub(super) fn items(&self, entity: &ComponentEntityType) -> usize {
        match entity {
            ComponentEntityType::Instance(id) => self.types.get(*id).map_or(0, |instance| instance.exports.len()),
            _ => 0,
        }
    }

    /// The functions that an import or export brings, by name.
    pub(super) fn functions(&mut self, entity: &ComponentEntityType) -> Vec<Function> {
        let types = self.types;
        match entity {
            ComponentEntityType::Func(id) => match types.get(*id) {
                Some(function) => vec![self.function("", *id, function, &Names::default())],
                None => Vec::new(),
            },
            ComponentEntityType::Instance(id) => types.get(*id).map_or_else(Vec::new, |instance| self.of_instance(instance)),
            _ => Vec::new(),
        }
    }

    fn of_instance(&mut self, instance: &'t ComponentInstanceType) -> Vec<Function> {
        let types = self.types;
        let names = Names::of(instance);
        let mut functions = Vec::new();
        for (name, item) in &instance.exports {
            if let ComponentEntityType::Func(id) = item.ty
                && let Some(function) = types.get(id)
            {
                functions.push(self.function(name, id, function, &names));
            }
        }
        functions.sort_by(|one, other| one.name.cmp(&other.name));
        functions
    }

    fn function(&mut self, name: &str, id: ComponentFuncTypeId, function: &ComponentFuncType, names: &Names<'_>) -> Function {
        let mut words = Words::default();
        words.push(if function.async_ { "async func(" } else { "func(" });
        for (place, (parameter, ty)) in function.params.iter().enumerate() {
            if words.is_full() {
                break;
            }
            words.push(if place > 0 { ", " } else { "" });
            words.push(&format!("{parameter}: "));
            self.write(*ty, names, &mut words, 0);
        }
        words.push(")");
        if let Some(result) = function.result {
            words.push(" -> ");
            self.write(result, names, &mut words, 0);
        }
        Function { name: shown(name), signature: words.finish(), digest: self.structure(id, function) }
    }

    /// The digest of a function type, made once for all that have it.
    fn structure(&mut self, id: ComponentFuncTypeId, function: &ComponentFuncType) -> Digest {
        if let Some(known) = self.functions.get(&id) {
            return *known;
        }
        let mut parts = vec![Digest::of(&[u8::from(function.async_)])];
        for (parameter, ty) in &function.params {
            parts.push(Digest::of(parameter.as_bytes()));
            parts.push(self.digest(*ty, 0));
        }
        parts.extend(function.result.map(|result| self.digest(result, 0)));
        let parts: Vec<String> = parts.iter().map(Digest::hex).collect();
        let digest = Digest::of_parts(parts.iter().map(String::as_bytes));
        self.functions.insert(id, digest);
        digest
    }

    fn write(&self, ty: ComponentValType, names: &Names<'_>, words: &mut Words, depth: u32) {
        let id = match ty {
            ComponentValType::Primitive(primitive) => return words.push(&primitive.to_string()),
            ComponentValType::Type(id) => id,
        };
        if let Some(name) = names.defined.get(&id) {
            return words.push(name);
        }
        let Some(defined) = self.types.get(id).filter(|_| depth < DEPTH_MAX && !words.is_full()) else {
            return words.push("...");
        };
        let shape = Shape::of(defined, PARTS_MAX);
        words.push(shape.word);
        if let Some(resource) = shape.resource {
            return words.push(&format!("<{}>", names.resources.get(&resource).unwrap_or(&"resource")));
        }
        let (open, close) = if shape.has_labels { (" { ", " }") } else { ("<", ">") };
        for (place, (label, inner)) in shape.parts.iter().enumerate() {
            words.push(if place > 0 { ", " } else { open });
            words.push(label);
            words.push(if label.is_empty() || inner.is_none() { "" } else { ": " });
            match inner {
                Some(inner) => self.write(*inner, names, words, depth + 1),
                None if label.is_empty() => words.push("_"),
                None => {}
            }
        }
        words.push(if shape.parts.is_empty() { "" } else { close });
    }

    fn digest(&mut self, ty: ComponentValType, depth: u32) -> Digest {
        let id = match ty {
            ComponentValType::Primitive(primitive) => return Digest::of(primitive.to_string().as_bytes()),
            ComponentValType::Type(id) => id,
        };
        if let Some(known) = self.digests.get(&id) {
            return *known;
        }
        let types = self.types;
        let Some(defined) = types.get(id).filter(|_| depth < DEPTH_MAX) else { return Digest::of(b"...") };
        let shape = Shape::of(defined, usize::MAX);
        let mut parts = vec![shape.word.to_owned()];
        for (label, inner) in shape.parts {
            parts.push(label);
            parts.push(inner.map_or_else(String::new, |inner| self.digest(inner, depth + 1).hex()));
        }
        let digest = Digest::of_parts(parts.iter().map(String::as_bytes));
        self.digests.insert(id, digest);
        digest
    }
}

impl<'t> Names<'t> {
    fn of(instance: &'t ComponentInstanceType) -> Self {
        let mut names = Self::default();
        for (name, item) in &instance.exports {
            match item.ty {
                ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } => {
                    names.defined.insert(id, name);
                }
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                    names.resources.insert(id, name);
                }
                _ => {}
            }
        }
        names
    }
}

/// A type, one level deep: its word, and what stands in it with or without labels.
struct Shape {
    word: &'static str,
    has_labels: bool,
    parts: Vec<(String, Option<ComponentValType>)>,
    resource: Option<AliasableResourceId>,
}

impl Shape {
    fn of(defined: &ComponentDefinedType, parts_max: usize) -> Self {
        let labelled = |word, parts| Self { word, has_labels: true, parts, resource: None };
        let plain = |word, parts: Vec<Option<ComponentValType>>| {
            let parts = parts.into_iter().map(|part| (String::new(), part)).collect();
            Self { word, has_labels: false, parts, resource: None }
        };
        let handle = |word, resource| Self { word, has_labels: false, parts: Vec::new(), resource: Some(resource) };
        match defined {
            ComponentDefinedType::Primitive(primitive) => plain("", vec![Some(ComponentValType::Primitive(*primitive))]),
            ComponentDefinedType::Record(record) => {
                labelled("record", record.fields.iter().take(parts_max).map(|(name, ty)| (name.to_string(), Some(*ty))).collect())
            }
            ComponentDefinedType::Variant(variant) => labelled(
                "variant",
                variant.cases.iter().take(parts_max).map(|(name, case)| (name.to_string(), case.ty)).collect(),
            ),
            ComponentDefinedType::Flags(names) => {
                labelled("flags", names.iter().take(parts_max).map(|name| (name.to_string(), None)).collect())
            }
            ComponentDefinedType::Enum(names) => {
                labelled("enum", names.iter().take(parts_max).map(|name| (name.to_string(), None)).collect())
            }
            ComponentDefinedType::List { element, .. } => plain("list", vec![Some(*element)]),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                let length = (format!("{length} of "), Some(*element));
                Self { word: "list", has_labels: false, parts: vec![length], resource: None }
            }
            ComponentDefinedType::Map { key, value, .. } => plain("map", vec![Some(*key), Some(*value)]),
            ComponentDefinedType::Tuple(tuple) => {
                plain("tuple", tuple.types.iter().take(parts_max).map(|ty| Some(*ty)).collect())
            }
            ComponentDefinedType::Option { ty, .. } => plain("option", vec![Some(*ty)]),
            ComponentDefinedType::Result { ok: None, err: None, .. } => plain("result", Vec::new()),
            ComponentDefinedType::Result { ok, err: None, .. } => plain("result", vec![*ok]),
            ComponentDefinedType::Result { ok, err, .. } => plain("result", vec![*ok, *err]),
            ComponentDefinedType::Future { ty, .. } => plain("future", ty.iter().map(|ty| Some(*ty)).collect()),
            ComponentDefinedType::Stream { ty, .. } => plain("stream", ty.iter().map(|ty| Some(*ty)).collect()),
            ComponentDefinedType::Own(resource) => handle("own", *resource),
            ComponentDefinedType::Borrow(resource) => handle("borrow", *resource),
        }
    }
}

/// Text that stops growing.
#[derive(Default)]
struct Words(String);

impl Words {
    fn is_full(&self) -> bool {
        self.0.len() > SIGNATURE_BYTES_MAX
    }

    fn push(&mut self, text: &str) {
        if !self.is_full() {
            self.0.push_str(text);
        }
    }

    fn finish(self) -> String {
        match self.is_full() {
            true => format!("{}...", crate::clean::cut(&self.0, SIGNATURE_BYTES_MAX)),
            false => self.0,
        }
    }
}
