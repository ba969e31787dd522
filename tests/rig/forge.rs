//! A forge for the tests: the part of GitHub's REST API that lifeos uses, over
//! HTTP on this machine, with its state in memory and its branches in a bare
//! repository. What the real one refuses, it refuses.

mod api;
mod state;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use state::State;
pub(crate) use state::StoredPull;

use super::http::{Client, Fault, Request, Server};

/// A key that no forge ever gave.
const TOKEN: &str = "ghp_canary0forge0token0000000000000000000";

/// The repository that it has.
pub(crate) const OWNER: &str = "octo-org";
pub(crate) const NAME: &str = "sample.repo_1";

/// A server that stops with its value.
pub(crate) struct Forge {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    log: Mutex<Vec<Request>>,
    faults: Mutex<Vec<Planned>>,
}

/// A fault that waits for its requests.
struct Planned {
    method: String,
    path: String,
    times: usize,
    fault: Fault,
}

impl Forge {
    /// Serves the branches of a bare repository.
    pub(crate) fn start(bare: &Path) -> Self {
        let (state, log, faults) = (Mutex::new(State::new(bare)), Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { state, log, faults });
        let server = Server::start({
            let shared = Arc::clone(&shared);
            move |request, client| serve(request, client, &shared)
        });
        Self { server, shared }
    }

    /// The address of its API.
    pub(crate) fn api(&self) -> String {
        format!("http://{}", self.host())
    }

    /// Its host and port, to which a token is bound.
    pub(crate) fn host(&self) -> String {
        self.server.host()
    }

    /// The repository, as `owner/name`.
    pub(crate) fn repository(&self) -> String {
        format!("{OWNER}/{NAME}")
    }

    /// The key that it takes.
    pub(crate) fn token(&self) -> &'static str {
        TOKEN
    }

    /// Every request so far, also those that failed.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.shared.log).clone()
    }

    /// Every pull request, as it is now.
    pub(crate) fn pulls(&self) -> Vec<StoredPull> {
        let mut state = lock(&self.shared.state);
        state.refresh();
        state.pulls.clone()
    }

    /// Closes a pull request, as a person does.
    pub(crate) fn close(&self, number: u64) {
        lock(&self.shared.state).close(number);
    }

    /// Opens one from another repository, whose branch is called the same.
    pub(crate) fn open_from(&self, repository: &str, branch: &str) -> u64 {
        lock(&self.shared.state).open_from(repository, branch)
    }

    /// What the check runs of a commit say: name, status and conclusion, which
    /// is none where it is empty.
    pub(crate) fn set_checks(&self, sha: &str, runs: &[(&str, &str, &str)]) {
        let runs = runs.iter().map(|(name, status, end)| [*name, *status, *end].map(str::to_owned)).collect();
        lock(&self.shared.state).runs.insert(sha.to_owned(), runs);
    }

    /// What the statuses of a commit say: context and state.
    pub(crate) fn set_statuses(&self, sha: &str, statuses: &[(&str, &str)]) {
        let statuses = statuses.iter().map(|(context, state)| [*context, *state].map(str::to_owned)).collect();
        lock(&self.shared.state).statuses.insert(sha.to_owned(), statuses);
    }

    /// Fails the next request whose method is this one and whose path begins
    /// so; it is logged, and has no effect.
    pub(crate) fn fail_next(&self, method: &str, path: &str, fault: Fault) {
        self.fail_times(1, method, path, fault);
    }

    /// As [`Self::fail_next`], so many times.
    pub(crate) fn fail_times(&self, times: usize, method: &str, path: &str, fault: Fault) {
        let planned = Planned { method: method.to_owned(), path: path.to_owned(), times, fault };
        lock(&self.shared.faults).push(planned);
    }
}

/// What a panic left locked is still the state of a test that fails.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn serve(request: &Request, mut client: Client, shared: &Shared) {
    lock(&shared.log).push(request.clone());
    match fault(shared, request) {
        Some(fault) => client.fail(fault),
        None => {
            let answer = api::answer(&mut lock(&shared.state), request, TOKEN);
            client.send(&answer);
        }
    }
}

/// The first planned fault that fits.
fn fault(shared: &Shared, request: &Request) -> Option<Fault> {
    let mut faults = lock(&shared.faults);
    let fits =
        |planned: &&mut Planned| planned.times > 0 && planned.method == request.method && request.path.starts_with(&planned.path);
    let planned = faults.iter_mut().find(fits)?;
    planned.times -= 1;
    Some(planned.fault.clone())
}
