//! What the host itself costs: a policy decision, a host call, an instance, a
//! whole process. Results and commands are in `docs/benchmarks.md`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lifeos::broker::{Broker, Shared};
use lifeos::budget::Tokens;
use lifeos::budget::caps::{Cap, Caps};
use lifeos::budget::journal;
use lifeos::budget::price::{PerMillion, Price};
use lifeos::budget::purse::{Past, Purse};
use lifeos::config::Config;
use lifeos::event::Events;
use lifeos::lock::Lock;
use lifeos::model::Provider;
use lifeos::model::answer::{Answer, Ending};
use lifeos::model::door::{Clock, PATIENCE, Terms};
use lifeos::model::error::Failure;
use lifeos::model::request::{RawRequest, Request, Role, Template};
use lifeos::model::supply::Supply;
use lifeos::path::RepoPath;
use lifeos::plugin::official;
use lifeos::policy::Policy;
use lifeos::repo::Repo;
use lifeos::sealed::SealedFolder;
use lifeos::wasm::{Compiler, FileWorker, Loaded, Runtime, Settings};

const LIFEOS: &str = env!("CARGO_BIN_EXE_lifeos");
const HOUR: Duration = Duration::from_secs(3600);
const CONFIG: &str = include_str!("../src/cli/lifeos.toml");

/// A repository with one clean document and the configuration of `init`.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("a.md"), "# One\n\nHello.\n").expect("a file");
    std::fs::write(folder.path().join("lifeos.toml"), CONFIG).expect("a file");
    let git = git2::Repository::init(folder.path()).expect("a repository");
    let mut index = git.index().expect("an index");
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("files");
    let tree = git.find_tree(index.write_tree().expect("a tree")).expect("a tree");
    let author = git2::Signature::now("bench", "bench@localhost").expect("a name");
    git.commit(Some("HEAD"), &author, &author, "first", &tree, &[]).expect("a commit");
    folder
}

fn shared(repo: &Repo) -> Arc<Shared> {
    let base = repo.pin(repo.head().expect("a commit")).expect("a base");
    let task = Config::parse(CONFIG).expect("a configuration").tasks.remove("docs").expect("a task");
    let plugin = official::read("doc-hygiene").expect("run `just build` first");
    let declared = plugin.manifest.reach().expect("a manifest");
    Arc::new(Shared::new(
        base,
        Policy { declared, granted: task.granted, limits: task.limits },
        false,
        Instant::now() + HOUR,
        None,
    ))
}

fn loaded(cache: &Path) -> Loaded {
    let runtime = Runtime::new().expect("an engine");
    let cache = SealedFolder::open(cache).expect("a cache");
    let compiler = Compiler { program: PathBuf::from(LIFEOS), arguments: vec!["__compile".to_owned()] };
    let plugin = official::read("doc-hygiene").expect("run `just build` first");
    runtime.load(&plugin, Some(&cache), &compiler, &Events::nobody()).expect("a component")
}

fn decisions(bench: &mut Criterion) {
    let folder = repository();
    let repo = Repo::discover(folder.path()).expect("a repository");
    let shared = shared(&repo);
    let path = RepoPath::new("docs/reference/errors/c2440.md").expect("a path");
    bench.bench_function("policy: may read", |bench| bench.iter(|| shared.policy.may_read(std::hint::black_box(&path))));
    bench.bench_function("policy: may edit", |bench| bench.iter(|| shared.policy.may_edit(std::hint::black_box(&path))));
    bench.bench_function("host call: read-file", |bench| {
        let fresh = || Broker::new(shared.clone(), repo.reopen().expect("a repository"));
        bench.iter_batched_ref(fresh, |broker| broker.read_file("a.md"), BatchSize::NumIterations(10_000));
    });
}

fn instances(bench: &mut Criterion) {
    let (folder, cache) = (repository(), tempfile::tempdir().expect("a temporary folder"));
    let repo = Repo::discover(folder.path()).expect("a repository");
    let (shared, loaded) = (shared(&repo), loaded(cache.path()));
    let settings = Settings { options: "{}".to_owned(), config: Vec::new() };
    bench.bench_function("instance of doc-hygiene, configured", |bench| {
        let fresh = || Broker::new(shared.clone(), repo.reopen().expect("a repository"));
        let start = |broker| FileWorker::start(&loaded, broker, &settings);
        bench.iter_batched(fresh, start, BatchSize::PerIteration);
    });
}

fn processes(bench: &mut Criterion) {
    let (folder, cache) = (repository(), tempfile::tempdir().expect("a temporary folder"));
    let check = |cache: &Path| {
        let mut command = Command::new(LIFEOS);
        command.arg("-C").arg(folder.path()).arg("--cache-dir").arg(cache).args(["check", "docs"]);
        let output = command.output().expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    check(cache.path());
    bench.bench_function("process: check one clean document", |bench| bench.iter(|| check(cache.path())));
    let mut once = bench.benchmark_group("first run");
    once.sample_size(10).measurement_time(Duration::from_secs(80));
    once.bench_function("process: check one clean document, compilation included", |bench| {
        bench.iter_batched_ref(|| tempfile::tempdir().expect("a folder"), |cache| check(cache.path()), BatchSize::PerIteration);
    });
    once.finish();
}

/// A provider that takes no time.
struct Instantly(String);

impl Provider for Instantly {
    fn model(&self) -> &str {
        "instantly"
    }

    fn body(&self, request: &Request) -> Vec<u8> {
        serde_json::to_vec(request).unwrap_or_default()
    }

    fn send(&self, _: &[u8], _: Instant) -> Result<Answer, Failure> {
        let tokens = Some(Tokens { input: 1_000, output: 1_000 });
        Ok(Answer { text: self.0.clone(), ending: Ending::Complete, tokens, model: None, id: None })
    }
}

/// Everything about a call to a model but the network: a prompt of 4 kB, an answer of
/// 4 kB, and the journal on the disk that the temporary folder is on. Beside it what a
/// bare flush of that disk takes, which is most of it.
fn asking(bench: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lock = Lock::take(folder.path()).expect("the lock");
    let (journal, _) = journal::begin(&lock, "bench").expect("a journal");
    let price = Price::of(PerMillion { input: 1.0, output: 1.0 }).expect("a price");
    let caps = Caps { calls_max: u64::MAX, run: Cap { tokens: Some(u64::MAX), cost: None }, ..Caps::default() };
    let purse = Purse::new("bench", price, caps, Past::default(), Box::new(journal));
    let text = "An answer of some words that say little. ".repeat(100);
    let terms = Terms { output_tokens_max: 10_000, pins_model: false, patience: PATIENCE };
    let supply = Supply { provider: Arc::new(Instantly(text.clone())), price, terms, known: Vec::new() };
    let door = supply.door(10_000, purse, Clock::new(0));
    let template = Template { role: Role::User, text: "{{x}}".to_owned(), inputs: vec![("x".to_owned(), text)] };
    let (messages, stop) = (vec![template], Vec::new());
    let prompt = "bench@1".to_owned();
    let asked = RawRequest { prompt, messages, output_tokens_max: 1_000, temperature: None, schema: None, stop };
    bench.bench_function("a call to a model, without the network", |bench| {
        bench.iter(|| {
            let said = door.complete(&asked, Instant::now() + HOUR).expect("not a tape");
            assert!(said.answer.is_ok(), "{:?}", said.answer);
        });
    });
    let file = std::fs::File::create(folder.path().join("flushed")).expect("a file");
    file.set_len(1 << 20).expect("room");
    bench.bench_function("a flush of 200 bytes to the same disk", |bench| {
        let mut at = 0;
        bench.iter(|| {
            at = (at + 200) % (1 << 19);
            std::os::unix::fs::FileExt::write_all_at(&file, &[7; 200], at).expect("written");
            file.sync_data().expect("flushed");
        });
    });
}

criterion_group!(host, decisions, instances, processes, asking);
criterion_main!(host);
