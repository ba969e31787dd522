//! Components: load, limit, call, drop. No type of the WebAssembly runtime is
//! named outside this folder.

mod bindings;
mod cache;
mod compile;
mod engine;
mod host;
mod limits;
mod state;
mod wasi;

pub use compile::{CompileError, Compiler, compile_child};
pub use state::{FileWorker, Settings, Summary, run_task};

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use crate::digest::Digest;
use crate::event::{Event, Events};
use crate::plugin::Plugin;
use crate::sealed::{SealedError, SealedFolder};
use state::State;

/// The engine; one for a process.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    /// The component that was loaded last: several runs of one plugin load it once.
    last: Arc<Mutex<Last>>,
}

/// A component by its digest, compiled and linked.
type Last = Option<(Digest, InstancePre<State>)>;

/// A component that is compiled and linked.
pub struct Loaded {
    pre: InstancePre<State>,
}

/// Why a component cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The engine does not start on this machine.
    #[error("the WebAssembly engine does not start here: {0}")]
    Engine(String),
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The cache of compiled code cannot be used.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// Fresh code does not load.
    #[error("compiled code does not load: {0}")]
    Code(String),
    /// Its imports and exports do not fit the contract.
    #[error("the component does not fit lifeos:task@0.1.0: {0}")]
    Link(String),
}

/// How a call into a plugin ended badly.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It trapped.
    #[error("the plugin stopped with a trap: {0}")]
    Trap(String),
    /// It went over a limit: its key and its value.
    #[error("the plugin went over limits.{0} = {1}")]
    Limit(Cow<'static, str>, u64),
    /// It gave up, in its own words (cleaned).
    #[error("the plugin gave up: {0}")]
    GaveUp(String),
    /// It does not take the owner's options, in its own words (cleaned).
    #[error("the plugin does not take its options: {0}")]
    Options(String),
    /// It answered outside the bounds of the contract.
    #[error("the plugin answered outside the contract: {0}")]
    Invalid(String),
    /// The tape has no answer of a model.
    #[error(transparent)]
    Model(crate::model::error::ModelError),
    /// The repository failed us in the middle.
    #[error(transparent)]
    Repo(#[from] std::sync::Arc<crate::repo::RepoError>),
    /// A host function panicked.
    #[error("internal error while the plugin was running: {0}")]
    Bug(String),
}

impl Runtime {
    /// Starts the engine.
    ///
    /// # Errors
    /// [`LoadError::Engine`].
    pub fn new() -> Result<Self, LoadError> {
        let engine = Engine::new(&engine::config()).map_err(|error| LoadError::Engine(error.to_string()))?;
        Ok(Self { engine, last: Arc::default() })
    }

    /// Loads a component: the one that was loaded last, from the cache, or compiled
    /// by `compiler` in a process of its own.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(
        &self,
        plugin: &Plugin,
        cache: Option<&SealedFolder>,
        compiler: &Compiler,
        events: &Events<'_>,
    ) -> Result<Loaded, LoadError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pre)) = last.as_ref().filter(|(digest, _)| *digest == plugin.digest) {
            return Ok(Loaded { pre: pre.clone() });
        }
        let component = match cache.and_then(|folder| cache::find(folder, &self.engine, plugin.digest)) {
            Some(component) => component,
            None => self.compile(plugin, cache, compiler, events)?,
        };
        let linker = state::linker(&self.engine).map_err(|error| LoadError::Link(format!("{error:#}")))?;
        let pre = linker.instantiate_pre(&component).map_err(|error| LoadError::Link(format!("{error:#}")))?;
        *last = Some((plugin.digest, pre.clone()));
        Ok(Loaded { pre })
    }

    /// Whether a component is compiled for this machine already.
    #[must_use]
    pub fn has_code(&self, component: Digest, cache: &SealedFolder) -> bool {
        cache::has(cache, &self.engine, component)
    }

    fn compile(
        &self,
        plugin: &Plugin,
        cache: Option<&SealedFolder>,
        compiler: &Compiler,
        events: &Events<'_>,
    ) -> Result<Component, LoadError> {
        events.emit(&Event::Compiling { plugin: plugin.manifest.name.clone(), bytes: plugin.bytes.len() as u64 });
        let started = std::time::Instant::now();
        let code = compiler.run(&plugin.bytes)?;
        if let Some(folder) = cache {
            cache::keep(folder, &self.engine, plugin.digest, &code);
        }
        let component = cache::adopt(&self.engine, &code)?;
        events.emit(&Event::Compiled {
            took: Duration::from_millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
        });
        Ok(component)
    }
}
