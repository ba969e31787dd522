//! Asks the system for environment, arguments, time and randomness, and tells what it was told (cases 3, 20).
//! It is built for `wasm32-wasip2`, where the standard library imports WASI by itself.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Instant, SystemTime};

use lifeos_sdk::{Input, Task, log, task};

struct StdGuest;

impl Task for StdGuest {
    type Options = std::collections::BTreeMap<String, String>;

    fn run(_: Self::Options, _: &Input) -> Result<(), String> {
        let say = |text: String| log::write(log::Level::Info, &text);
        say(format!("environment: {:?}", std::env::vars().collect::<Vec<_>>()));
        say(format!("arguments: {:?}", std::env::args().collect::<Vec<_>>()));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
        say(format!("clock: {}", now.as_secs()));
        say(format!("elapsed: {:?}", Instant::now().elapsed()));
        say(format!("random: {:x}", RandomState::new().hash_one(1)));
        Ok(())
    }
}

task!(StdGuest);
