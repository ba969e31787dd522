//! What a newer version of a plugin can that an older one could not, and the
//! other way round: imports, types, declared scope, limits. It compares what was
//! read; nothing is run, and whoever has no bytes may bring an outline.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::facts::{Facts, Interface};
use super::imports::{self, Lends};
use super::manifest::{Declared, Manifest, Scope};
use super::{PluginError, Surface, World, scope};
use crate::clean;
use crate::digest::Digest;

/// What versions of a plugin are compared by.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Digest of the component.
    pub digest: Digest,
    /// The name that its author gave it, where that is known.
    pub name: Option<String>,
    /// The version, likewise.
    pub version: Option<String>,
    /// Which world it is for, if any.
    pub world: Option<World>,
    /// What it takes.
    pub imports: Parts,
    /// What it gives; none where that is not known.
    pub exports: Option<Parts>,
    /// What its author declares; none if it carries no manifest.
    pub declared: Option<Declared>,
}

/// Functions by `interface#function`, and interfaces without any by their name;
/// each with its signature, where it is known.
pub type Parts = BTreeMap<String, Option<Shape>>;

/// The types of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// In words.
    pub signature: String,
    /// Over their structure.
    pub digest: Digest,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Difference {
    /// What it does to the reach of the plugin.
    pub way: Way,
    /// Where it is: `import`, `export`, `world`, `manifest`, `limits.KEY`, or a key of
    /// the manifest's scopes.
    pub place: String,
    /// In one line.
    pub words: String,
}

/// What a difference does to the reach of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It can more, or nobody can tell.
    Wider,
    /// It can less.
    Narrower,
    /// It can the same.
    Same,
}

impl Difference {
    pub(super) fn new(way: Way, place: &str, words: &str) -> Self {
        Self { way, place: place.to_owned(), words: clean::line(words).into_owned() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<8}  {}: {}", self.way.word(), self.place, self.words)
    }
}

impl Way {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Narrower => "narrower",
            Self::Same => "same",
        }
    }
}

impl Outline {
    /// Reads a component without running or compiling any of it.
    ///
    /// # Errors
    /// [`PluginError`] for what is no component, or one whose manifest does not read.
    pub fn read(bytes: &[u8], digest: Digest) -> Result<Self, PluginError> {
        let surface = Surface::read(bytes)?;
        let facts = Facts::read(bytes)?;
        let manifest = if surface.manifests.is_empty() { None } else { Some(surface.manifest()?) };
        Ok(Self {
            digest,
            world: surface.world(),
            imports: parts(&facts.imports),
            exports: Some(parts(&facts.exports)),
            declared: manifest.as_ref().map(Manifest::declared),
            version: manifest.as_ref().map(|manifest| manifest.version.clone()),
            name: manifest.map(|manifest| manifest.name),
        })
    }
}

fn parts(interfaces: &[Interface]) -> Parts {
    let mut parts = Parts::new();
    for Interface { name, functions } in interfaces {
        if functions.is_empty() {
            parts.insert(name.clone(), None);
        }
        for function in functions {
            let key = if function.name.is_empty() { name.clone() } else { format!("{name}#{}", function.name) };
            parts.insert(key, Some(Shape { signature: function.signature.clone(), digest: function.digest }));
        }
    }
    parts
}

/// Everything in which `new` is not as `old`, imports first.
#[must_use]
pub fn differences(old: &Outline, new: &Outline) -> Vec<Difference> {
    let mut all = Found::default();
    all.imports(&old.imports, &new.imports);
    if let (Some(old), Some(new)) = (&old.exports, &new.exports) {
        all.exports(old, new);
    }
    if old.world != new.world {
        let word = |world: Option<World>| world.map_or("none", World::word);
        all.add(Way::Wider, "world", format!("{} -> {}", word(old.world), word(new.world)));
    }
    if let (Some(old), Some(new)) = (&old.name, &new.name)
        && old != new
    {
        all.add(Way::Same, "name", format!("{old} -> {new}"));
    }
    all.declared(old.declared.as_ref(), new.declared.as_ref());
    all.0
}

/// Whether one of them is wider.
#[must_use]
pub fn is_wider(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| difference.way == Way::Wider)
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, way: Way, place: &str, words: String) {
        self.0.push(Difference::new(way, place, &words));
    }

    fn imports(&mut self, old: &Parts, new: &Parts) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let brings_nothing = is_without_power(key);
            match (old.get(key), new.get(key)) {
                (None, Some(_)) if brings_nothing => self.add(Way::Same, "import", format!("+ {key} (gives nothing)")),
                (None, Some(shape)) => self.add(Way::Wider, "import", format!("+ {key}{}", signature(shape.as_ref()))),
                (Some(_), None) if brings_nothing => self.add(Way::Same, "import", format!("- {key} (gave nothing)")),
                (Some(_), None) => self.add(Way::Narrower, "import", format!("- {key}")),
                (Some(Some(old)), Some(Some(new))) => self.signature("import", key, old, new),
                _ => {}
            }
        }
    }

    fn exports(&mut self, old: &Parts, new: &Parts) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            match (old.get(key), new.get(key)) {
                (None, Some(shape)) => self.add(Way::Same, "export", format!("+ {key}{}", signature(shape.as_ref()))),
                (Some(_), None) => self.add(Way::Same, "export", format!("- {key}")),
                (Some(Some(old)), Some(Some(new))) => self.signature("export", key, old, new),
                _ => {}
            }
        }
    }

    /// What other types mean nobody can tell.
    fn signature(&mut self, place: &str, key: &str, old: &Shape, new: &Shape) {
        if old.digest == new.digest {
            return;
        }
        let words = match old.signature == new.signature {
            true => format!("{key}: {}, with other types behind the names", new.signature),
            false => format!("{key}: {} -> {}", old.signature, new.signature),
        };
        self.add(Way::Wider, place, words);
    }

    fn declared(&mut self, old: Option<&Declared>, new: Option<&Declared>) {
        let (old, new) = match (old, new) {
            (None, None) => return,
            (None, Some(_)) => return self.add(Way::Wider, "manifest", "there was none, and there is one".to_owned()),
            (Some(_), None) => return self.add(Way::Narrower, "manifest", "there was one, and there is none".to_owned()),
            (Some(old), Some(new)) => (old, new),
        };
        self.scope("capabilities.list", old.list.as_ref(), new.list.as_ref());
        self.scope("capabilities.read", old.read.as_ref(), new.read.as_ref());
        self.scope("capabilities.edit", old.edit.as_ref(), new.edit.as_ref());
        let optional = |plain: &Option<super::manifest::Plain>| plain.as_ref().map(|plain| plain.optional);
        self.capability("capabilities.history", optional(&old.history), optional(&new.history), &[]);
        self.capability("capabilities.model", optional(&old.model), optional(&new.model), &[]);
        self.capability("capabilities.rounds", optional(&old.rounds), optional(&new.rounds), &[]);
        self.globs("documents", &old.documents, &new.documents);
        self.globs("config", &old.config, &new.config);
        if old.instruction != new.instruction {
            self.add(Way::Same, "instruction", format!("{} -> {}", old.instruction.word(), new.instruction.word()));
        }
        for ((key, before), (_, after)) in old.limits.by_key().into_iter().zip(new.limits.by_key()) {
            self.limit(&format!("limits.{key}"), before, after);
        }
    }

    fn scope(&mut self, place: &str, old: Option<&Scope>, new: Option<&Scope>) {
        let globs = new.map_or(&[][..], |scope| &scope.globs);
        self.capability(place, old.map(|scope| scope.optional), new.map(|scope| scope.optional), globs);
        if let (Some(old), Some(new)) = (old, new) {
            self.globs(place, &old.globs, &new.globs);
        }
    }

    /// Whether it is declared, and whether the plugin is of use without it.
    fn capability(&mut self, place: &str, old: Option<bool>, new: Option<bool>, globs: &[String]) {
        match (old, new) {
            (None, Some(_)) if globs.is_empty() => self.add(Way::Wider, place, "declared now".to_owned()),
            (None, Some(_)) => self.add(Way::Wider, place, format!("declared now: `{}`", globs.join("` `"))),
            (Some(_), None) => self.add(Way::Narrower, place, "not declared any more".to_owned()),
            (Some(true), Some(false)) => self.add(Way::Wider, place, "optional -> needed".to_owned()),
            (Some(false), Some(true)) => self.add(Way::Narrower, place, "needed -> optional".to_owned()),
            _ => {}
        }
    }

    fn globs(&mut self, place: &str, old: &[String], new: &[String]) {
        for pattern in scope::beyond(old, new) {
            self.add(Way::Wider, place, format!("+ `{pattern}`"));
        }
        for pattern in scope::beyond(new, old) {
            self.add(Way::Narrower, place, format!("- `{pattern}`"));
        }
    }

    fn limit(&mut self, place: &str, old: Option<u64>, new: Option<u64>) {
        match (old, new) {
            (Some(old), Some(new)) if new > old => self.add(Way::Wider, place, format!("{old} -> {new}")),
            (Some(old), Some(new)) if new < old => self.add(Way::Narrower, place, format!("{old} -> {new}")),
            (Some(old), None) => self.add(Way::Wider, place, format!("{old} -> no promise")),
            (None, Some(new)) => self.add(Way::Narrower, place, format!("no promise -> {new}")),
            _ => {}
        }
    }
}

fn signature(shape: Option<&Shape>) -> String {
    shape.map_or_else(String::new, |shape| format!(": {}", shape.signature))
}

/// Inert WASI, and the types of the contract: nothing comes of taking them.
fn is_without_power(key: &str) -> bool {
    let (interface, function) = key.split_once('#').unwrap_or((key, ""));
    match imports::lends(interface) {
        Ok(Lends::Inert) => true,
        Ok(_) => function.is_empty(),
        Err(_) => false,
    }
}
