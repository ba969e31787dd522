//! One instance and its host side: made, called within its bounds, dropped. An
//! instance that failed once is never called again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tokio::runtime;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store, Trap};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::bindings::{file_task, task};
use super::limits::{CONCLUSION_BYTES_MAX, FUEL_SLICE, HANDLES_MAX, Limiter, TRANSFER_BYTES_MAX};
use super::{Failure, Loaded, host, wasi};
use crate::broker::Broker;
use crate::broker::answer::{Collected, Document, Stop};
use crate::checkup::{Checkup, Conclusion};
use crate::clean;
use crate::edit::Finding;
use crate::policy::Limits;

/// What holds for all documents of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The owner's options as JSON.
    pub options: String,
    /// Configuration files of the repository that the manifest asks for.
    pub config: Vec<Document>,
}

/// A document's summary.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Which document.
    pub path: String,
    /// As `check` gave it.
    pub data: Vec<u8>,
}

/// Findings of one document.
const DOCUMENT_FINDINGS_MAX: usize = 10_000;
/// Bytes of one summary.
const SUMMARY_BYTES_MAX: usize = 4 << 20;
/// Bytes of a sentence in which a plugin gives up.
const SENTENCE_BYTES_MAX: usize = 2_000;

/// The host side of one instance, as the runtime holds it.
pub(super) struct State {
    pub(super) broker: Broker,
    limiter: Limiter,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(super) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    host::link(&mut linker)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

/// A limit on fuel: its key and its value.
type Meter = (&'static str, u64);

/// A store with its bounds, and the executor that drives it.
struct Instance {
    store: Store<State>,
    executor: runtime::Runtime,
    deadline: Instant,
    limits: Limits,
}

impl Instance {
    fn new(loaded: &Loaded, broker: Broker) -> Result<Self, Failure> {
        let limits = broker.shared().policy.limits;
        let deadline = broker.shared().deadline();
        let wasi = wasi::context(broker.shared().base.seconds);
        let limiter = Limiter::new(limits.memory_bytes_max);
        let mut store = Store::new(loaded.pre.engine(), State { broker, limiter, wasi, table: wasi::table() });
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(TRANSFER_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        // With one event for each look, a deadline is seen at the next fuel slice.
        let executor = runtime::Builder::new_current_thread().enable_time().event_interval(1).build();
        let executor = executor.map_err(|error| Failure::Bug(error.to_string()))?;
        Ok(Self { store, executor, deadline, limits })
    }

    /// Drives one call within the bounds of fuel (a limit's key and value) and time.
    fn call<T>(&mut self, meter: Meter, call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>) -> Result<T, Failure> {
        let Self { store, executor, deadline, limits } = self;
        let bounds = store.set_fuel(meter.1).and_then(|()| store.fuel_async_yield_interval(Some(FUEL_SLICE)));
        bounds.map_err(|error| Failure::Bug(error.to_string()))?;
        let until = tokio::time::Instant::from_std(*deadline);
        let driven =
            catch_unwind(AssertUnwindSafe(|| executor.block_on(async { tokio::time::timeout_at(until, call(store)).await })));
        match driven {
            Err(panic) => Err(Failure::Bug(words_of(panic.as_ref()))),
            Ok(Err(_)) => Err(limit("seconds_max", limits.seconds_max)),
            Ok(Ok(result)) => result.map_err(|error| failure(store, error, meter)),
        }
    }
}

/// An instance of the world `file-task`.
pub struct FileWorker {
    instance: Instance,
    exports: file_task::FileTask,
    /// What `configure` asked and logged: of all instances the same, and told
    /// with the conclusion.
    configured: Collected,
}

impl FileWorker {
    /// Makes an instance and configures it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn start(loaded: &Loaded, broker: Broker, settings: &Settings) -> Result<Self, Failure> {
        let history = broker.shared().policy.may_read_history();
        let mut instance = Instance::new(loaded, broker)?;
        let pre = file_task::FileTaskPre::new(loaded.pre.clone()).map_err(|error| Failure::Invalid(format!("{error:#}")))?;
        let meter = ("fuel_max", instance.limits.fuel_max);
        let exports = instance.call(meter, async |store| pre.instantiate_async(store).await)?;
        let config = settings.config.iter().cloned().map(host::document).collect();
        let settings = file_task::Settings { options: settings.options.clone(), config, history };
        let configured = instance.call(meter, async |store| exports.call_configure(store, &settings).await)?;
        configured.map_err(|words| match gave_up(words) {
            Failure::GaveUp(words) => Failure::Options(words),
            failure => failure,
        })?;
        let configured = instance.store.data_mut().broker.take();
        Ok(Self { instance, exports, configured })
    }

    /// Whether `configure` asked the host for anything, so that answers rest on
    /// more than their documents.
    #[must_use]
    pub fn asked_at_first(&self) -> bool {
        !self.configured.trace.is_empty()
    }

    /// Checks one document; gives the answer and the fuel that it took.
    ///
    /// # Errors
    /// [`Failure`]; the instance must not be used again.
    pub fn check(&mut self, document: Document) -> Result<(Checkup, u64), Failure> {
        let Self { instance, exports, .. } = self;
        let bytes = document.text.len() as u64;
        let document = host::document(document);
        let meter = ("document_fuel_max", instance.limits.document_fuel_max);
        let report = instance.call(meter, async |store| exports.call_check(store, &document).await)?.map_err(gave_up)?;
        let fuel = meter.1 - instance.store.get_fuel().unwrap_or_default();
        if report.summary.len() > SUMMARY_BYTES_MAX {
            return Err(limit("summary_bytes_max", SUMMARY_BYTES_MAX as u64));
        }
        if report.findings.len() > DOCUMENT_FINDINGS_MAX {
            return Err(limit("document_findings_max", DOCUMENT_FINDINGS_MAX as u64));
        }
        let broker = &mut instance.store.data_mut().broker;
        let text = host::Text::of(&document);
        let finding = |finding| host::finding_in(&text, finding, broker).map_err(Failure::Invalid);
        let mut findings = report.findings.into_iter().map(finding).collect::<Result<Vec<_>, _>>()?;
        // Here they are few, and many cores are at it; all together they are in order then, but for the conclusion's.
        findings.sort_by(Finding::in_order);
        let replacements = report.replacements.into_iter().map(host::replacement).collect();
        let Collected { trace: calls, calls: calls_made, log, .. } = broker.take();
        let summary = report.summary;
        let checkup = Checkup { findings, replacements, summary, bytes, calls, calls_made, log, ..Checkup::default() };
        Ok((checkup, fuel))
    }

    /// Draws conclusions from all summaries.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn conclude(&mut self, summaries: Vec<Summary>) -> Result<Conclusion, Failure> {
        let Self { instance, exports, configured } = self;
        let summaries: Vec<_> = summaries.into_iter().map(|Summary { path, data }| file_task::Summary { path, data }).collect();
        let meter = ("fuel_max", instance.limits.fuel_max);
        instance.store.set_hostcall_fuel(CONCLUSION_BYTES_MAX);
        let conclusion = instance.call(meter, async |store| exports.call_conclude(store, &summaries).await)?.map_err(gave_up)?;
        let broker = &mut instance.store.data_mut().broker;
        let mut texts = host::Texts::default();
        let finding = |finding| host::finding(finding, &mut texts, broker).map_err(Failure::Invalid);
        let findings = conclusion.findings.into_iter().map(finding).collect::<Result<_, _>>()?;
        let edits = conclusion.edits.into_iter().map(host::edit).collect();
        let concluded = broker.take();
        let mut all = std::mem::take(configured);
        all.trace.extend(concluded.trace);
        let (calls, calls_made, log) = (all.trace, all.calls + concluded.calls, all.log + &concluded.log);
        Ok(Conclusion { findings, edits, calls, calls_made, log, past: None })
    }

    /// The host side.
    pub fn broker(&mut self) -> &mut Broker {
        &mut self.instance.store.data_mut().broker
    }
}

/// Runs a task in free form on an instance of its own.
///
/// # Errors
/// [`Failure`], beside what was collected up to then.
pub fn run_task(loaded: &Loaded, broker: Broker, options: &str, instruction: Option<&str>) -> (Collected, Result<(), Failure>) {
    let now = broker.shared().base.seconds;
    let input = task::Input { options: options.to_owned(), instruction: instruction.map(str::to_owned), now };
    let mut instance = match Instance::new(loaded, broker) {
        Ok(instance) => instance,
        Err(failure) => return (Collected::default(), Err(failure)),
    };
    let outcome = (|| {
        let pre = task::TaskPre::new(loaded.pre.clone()).map_err(|error| Failure::Invalid(format!("{error:#}")))?;
        let meter = ("fuel_max", instance.limits.fuel_max);
        let exports = instance.call(meter, async |store| pre.instantiate_async(store).await)?;
        instance.call(meter, async |store| exports.call_run(store, &input).await)?.map_err(gave_up)
    })();
    (instance.store.data_mut().broker.take(), outcome)
}

fn gave_up(words: String) -> Failure {
    Failure::GaveUp(clean::line(clean::cut(&words, SENTENCE_BYTES_MAX)).into_owned())
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Limit(name, value) => limit(name, value),
            Stop::Repo(error) => Self::Repo(error),
            Stop::Model(error) => Self::Model(error),
        }
    }
}

pub(super) fn limit(name: &'static str, value: u64) -> Failure {
    Failure::Limit(name.into(), value)
}

fn failure(store: &Store<State>, error: wasmtime::Error, meter: Meter) -> Failure {
    if let Some((name, value)) = store.data().limiter.breached {
        return limit(name, value);
    }
    match error.downcast::<Stop>() {
        Ok(stop) => stop.into(),
        Err(error) => match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => limit(meter.0, meter.1),
            Some(trap) => Failure::Trap(with_last_words(&trap.to_string(), store.data().broker.last_words())),
            None => from_words(&format!("{error:#}"), store.hostcall_fuel()),
        },
    }
}

/// A trap, with what the guest said of it before.
fn with_last_words(trap: &str, words: Option<&str>) -> String {
    let all = words.map_or_else(|| trap.to_owned(), |words| format!("{trap}; it {words}"));
    clean::cut(&all, SENTENCE_BYTES_MAX).to_owned()
}

/// The runtime has no type for these two; a test holds the words.
fn from_words(words: &str, transfer_bytes_max: usize) -> Failure {
    if words.contains("fuel allocated for hostcalls has been exhausted") {
        return limit("transfer_bytes_max", transfer_bytes_max as u64);
    }
    if words.contains("handle") && (words.contains("limit") || words.contains("full") || words.contains("capacity")) {
        return limit("handles_max", HANDLES_MAX as u64);
    }
    Failure::Trap(clean::line(clean::cut(words, SENTENCE_BYTES_MAX)).into_owned())
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    words.unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::bindings::capabilities::lifeos::task::log::Level;
    use super::*;
    use crate::broker::Shared;
    use crate::glob::Globs;
    use crate::policy::{Limits, Policy, Reach};
    use crate::repo::Repo;
    use wasmtime::component::Component;

    /// A line of log is all that it asks of the host.
    const CALL_LOG: &str = include_str!("../../../tests/plugins/wat/call-log.wat");

    /// Runs it on a host of which one function may be another one.
    fn run(engine: &Engine, linker: &Linker<State>) -> (String, Result<(), Failure>) {
        let folder = tempfile::tempdir().expect("a folder");
        let git = git2::Repository::init(folder.path()).expect("a repository");
        let tree = git.find_tree(git.treebuilder(None).and_then(|tree| tree.write()).expect("a tree")).expect("a tree");
        let author = git2::Signature::new("a", "a@localhost", &git2::Time::new(0, 0)).expect("a name");
        let commit = git.commit(None, &author, &author, "x", &tree, &[]).expect("a commit");
        let repo = Repo::discover(folder.path()).expect("a repository");
        let base = repo.pin(commit).expect("a base");
        let none = || Globs::new::<&str>(&[]).expect("no patterns");
        let nothing = || Reach { list: none(), read: none(), edit: none(), history: false, model: false, rounds: false };
        let policy = Policy { declared: nothing(), granted: nothing(), limits: Limits::default() };
        let deadline = Instant::now() + Duration::from_secs(60);
        let shared = Arc::new(Shared::new(base, policy, false, deadline, None));
        let component = Component::new(engine, wat::parse_str(CALL_LOG).expect("WebAssembly text")).expect("a component");
        let loaded = Loaded { pre: linker.instantiate_pre(&component).expect("it links") };
        let (collected, outcome) = run_task(&loaded, Broker::new(shared, repo), "{}", None);
        (collected.log, outcome)
    }

    #[test]
    fn case_28_a_panic_in_a_host_function_is_a_bug_of_one_run() {
        let engine = Engine::new(&super::super::engine::config()).expect("an engine");
        let good = linker(&engine).expect("a linker");
        let mut bad = linker(&engine).expect("a linker");
        bad.allow_shadowing(true);
        let mut log = bad.instance("lifeos:task/log@0.1.0").expect("the interface");
        log.func_wrap("write", |_, _: (Level, String)| -> wasmtime::Result<()> { panic!("on purpose") }).expect("a function");
        let (said, outcome) = run(&engine, &bad);
        assert!(matches!(&outcome, Err(Failure::Bug(words)) if words == "on purpose"), "{outcome:?}");
        assert_eq!(said, "");
        // The engine, and whoever runs on it next, take no harm.
        let (said, outcome) = run(&engine, &good);
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(said, "info: said\n");
    }
}
