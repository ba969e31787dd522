//! Where the key to a model comes from, and everything that must be there before one is
//! asked: `doctor --model` is the smallest caller.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::json::fits;
use crate::rig::http::Fault;
use crate::rig::model::{KEY, Model, Says};
use crate::rig::{Ran, TestRepo, hostile};

const TASK: &str = "[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\n[task.t.model]\n";

/// A repository with this table `[model]`, and a task that may ask it.
fn repo(model: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.config(&format!("{model}{TASK}"));
    repo
}

/// A file that nobody else may read.
fn file(repo: &TestRepo, name: &str, bytes: &[u8]) -> String {
    let path = repo.scratch().join(name);
    std::fs::write(&path, bytes).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    path.display().to_string()
}

/// `doctor` with a source of the key for a host; no word of the key is ever said.
#[track_caller]
fn doctor(repo: &TestRepo, arguments: &[&str], host: &str, source: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = repo.command(&[&["doctor"], arguments].concat());
    command.args(["--token", &format!("{host}={source}")]).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.envs(variables.iter().copied());
    let ran = repo.guarded(command);
    ran.keeps_quiet_about(KEY);
    ran
}

#[test]
fn doctor_tells_of_a_grant_that_has_no_effect() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let grants = "gate = ['true']\nrounds = 1\nmodel = {}\n";
    let docs = format!("[task.docs]\nplugin = 'doc-hygiene'\n{grants}");
    repo.asking("[[rule]]\nanswer = 'yes'\n", &format!("{docs}{}", repo.table("t", &hostile("ask"), grants)));
    let ran = repo.lifeos(&["doctor"]);
    let lines: Vec<_> = ran.stdout.lines().filter(|line| line.contains("has no effect")).collect();
    assert_eq!(lines.len(), 1, "{ran}");
    for part in ["ok  ", "docs: doc-hygiene", "the grant of `model` has", "the grant of `rounds` has"] {
        assert!(lines[0].contains(part), "{part}: {ran}");
    }
}

#[test]
fn case_145_a_key_comes_from_a_file_a_variable_or_a_command() {
    let server = Model::start(|_, _| Says::text("ready"));
    let repo = repo(&server.table("anthropic", ""));
    let newline = file(&repo, "key", format!("{KEY}\n").as_bytes());
    let command = format!("command:cat '{newline}'");
    for (source, shown) in
        [(newline.as_str(), "$ROOT/scratch/key"), ("env:MODEL_KEY", "env:MODEL_KEY"), (&command, "command:cat")]
    {
        let ran = doctor(&repo, &["--model", "--json"], &server.host(), source, &[("MODEL_KEY", KEY)]);
        let report = fits(ran.exits(0), "doctor")["model"].clone();
        assert_eq!(report["key"], shown);
        assert_eq!(
            (&report["asked"], &report["answered"][0], &report["tokens"]["input"]),
            (&"m-1".into(), &"m-1".into(), &20.into())
        );
    }
    let kept = repo.home().join(".config/lifeos/tokens");
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::rename(repo.scratch().join("key"), kept.join(server.host())).expect("a move");
    repo.lifeos(&["doctor", "--model"]).exits(0).says("m-1 answered in").says("20 tokens of the request").keeps_quiet_about(KEY);
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.header("x-api-key") == Some(KEY)));
    std::fs::remove_dir_all(&kept).expect("the folder goes");
    repo.lifeos(&["doctor", "--model"]).exits(0).says("no key");
    assert_eq!(server.requests()[4].header("x-api-key"), None, "a server on this machine may want none");
    let spent: Vec<Value> = repo.lifeos(&["log", "--json"]).json()["runs"].as_array().cloned().unwrap_or_default();
    assert!(spent.is_empty(), "a call of the doctor is no run");
}

#[test]
fn case_145_what_was_named_counts_before_the_own_folder() {
    let server = Model::start(|_, _| Says::text("ready"));
    let repo = repo(&server.table("anthropic", ""));
    let kept = repo.home().join(".config/lifeos/tokens");
    std::fs::create_dir_all(&kept).expect("a folder");
    let other = file(&repo, "other", b"canary-key-of-the-own-folder");
    std::fs::rename(other, kept.join(server.host())).expect("a move");
    doctor(&repo, &["--model"], &server.host(), "env:MODEL_KEY", &[("MODEL_KEY", KEY)]).exits(0).says("key from env:MODEL_KEY");
    repo.lifeos(&["doctor", "--model"]).exits(0);
    let keys: Vec<_> = server.requests().iter().map(|request| request.header("x-api-key").map(str::to_owned)).collect();
    assert_eq!(keys, [Some(KEY.to_owned()), Some("canary-key-of-the-own-folder".to_owned())]);
}

#[test]
fn case_145_a_key_that_is_none_is_told_of_and_never_shown() {
    let repo = repo(
        "[model]\nprovider = 'openai'\nname = 'm-1'\nendpoint = 'https://model.example.org/v1'\nprice = {input = 1, output = 1}\n",
    );
    let host = "model.example.org";
    repo.lifeos(&["doctor"]).exits(2).says("there is no key for model.example.org").says("--token model.example.org=FILE");
    let open = file(&repo, "open", KEY.as_bytes());
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).expect("its mode");
    let rows: &[(String, &str)] = &[
        (file(&repo, "empty", b""), "the key is empty"),
        (file(&repo, "line", b"\n"), "the key is empty"),
        (file(&repo, "lines", format!("{KEY}\n\n").as_bytes()), "a line end"),
        (file(&repo, "space", format!(" {KEY}").as_bytes()), "a space"),
        (file(&repo, "long", KEY.repeat(100).as_bytes()), "more than 1024 bytes"),
        (open, "can be read by others"),
        ("no-such-key".to_owned(), "No such file"),
        ("env:NOBODY".to_owned(), "there is no such variable"),
        ("env:EMPTY".to_owned(), "the key is empty"),
        ("env:LINES".to_owned(), "a line end"),
        ("env:".to_owned(), "--token takes HOST=SOURCE"),
        ("env:A=B".to_owned(), "--token takes HOST=SOURCE"),
        ("command:".to_owned(), "--token takes HOST=SOURCE"),
        ("command:'".to_owned(), "--token takes HOST=SOURCE"),
        ("command:true".to_owned(), "the key is empty"),
        (format!("command:printf '{KEY}\\n{KEY}'"), "a line end"),
        (format!("command:sh -c 'printf {KEY}; exit 3'"), "it failed: exit status: 3"),
        ("command:/nowhere/at/all".to_owned(), "cannot be run"),
    ];
    let variables = [("EMPTY", ""), ("LINES", &format!("{KEY}\nx"))];
    for (source, words) in rows {
        let variables = variables.map(|(name, value)| (name, value));
        doctor(&repo, &[], host, source, &variables).exits(2).says(words);
    }
    doctor(&repo, &[], host, "env:GOOD", &[("GOOD", KEY)]).exits(0).says("nothing was asked");
}

#[test]
fn case_136_a_proxy_of_the_environment_is_not_asked() {
    let (server, proxy) = (Model::start(|_, _| Says::text("ready")), Model::start(|_, _| Says::text("ready")));
    let repo = repo(&server.table("openai", ""));
    let key = file(&repo, "key", KEY.as_bytes());
    let address = format!("http://{}", proxy.host());
    let names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let variables = names.map(|name| (name, address.as_str()));
    doctor(&repo, &["--model"], &server.host(), &key, &variables).exits(0);
    assert_eq!((server.requests().len(), proxy.requests().len()), (1, 0));
}

#[test]
fn case_135_an_endpoint_inside_wants_the_owner_s_word() {
    let server = Model::start(|_, _| Says::text("ready"));
    let table = server.table("openai", "").replace("private = true\n", "");
    repo(&table).lifeos(&["doctor", "--model"]).exits(20).says("private = true");
    repo(&table).lifeos(&["doctor"]).exits(2).says("private = true");
    repo(&table).lifeos(&["check", "t"]).exits(20).says("private network").says("private = true");
    assert!(server.requests().is_empty());
}

#[test]
fn case_146_a_model_without_a_price_is_not_asked() {
    let server = Model::start(|_, _| Says::text("ready"));
    let table = server.table("openai", "# no price").replace("price = { input = 1.0, output = 2.0 }", "");
    let repo = repo(&table);
    for arguments in [["doctor", "--model"], ["check", "t"], ["run", "t"]] {
        repo.lifeos(&arguments).exits(2).says("what m-1 costs is not known").says("price = { input = N, output = N }");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn doctor_ends_as_the_call_does() {
    let rows: [(u16, &str, i32); 4] =
        [(401, "does not take the key", 30), (500, "failed (500)", 30), (400, "no such model", 30), (402, "used up", 30)];
    for (status, words, exit) in rows {
        let server = Model::start(move |_, _| Says::refusal(status, "x", "no such model"));
        let ran = repo(&server.table("openai", "")).lifeos(&["doctor", "--model", "--json"]);
        let report = fits(ran.exits(exit), "doctor");
        let call = report["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .find(|check| check["name"] == "model call")
            .expect("a call")
            .clone();
        assert!(call["ok"] == false && call["detail"].as_str().expect("words").contains(words), "{call}");
    }
    let server = Model::start(|_, _| Says::text("ready"));
    let poor = repo(&server.table("openai", "").replace("[model]", "[budget]\nday_tokens_max = 5\n[model]"));
    poor.lifeos(&["doctor", "--model"]).exits(31).says("day_tokens_max");
    let nobody = TestRepo::new(&[("a.md", "a\n")]);
    nobody.config(&server.table("openai", ""));
    nobody.lifeos(&["doctor", "--model"]).exits(2).says("no task is granted a model");
    assert!(server.requests().is_empty());
    TestRepo::new(&[("a.md", "a\n")]).lifeos(&["doctor", "--model"]).exits(2);
}

#[test]
fn git_takes_a_token_from_a_file_alone() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.git(&["remote", "add", "origin", "https://git.example.org/x/y.git"]);
    let sync = |token: &str| repo.lifeos(&["sync", "--token", token]);
    sync("git.example.org=env:X").exits(2).says("from a file alone").says("--token git.example.org=FILE");
    sync("git.example.org=command:cat x").exits(2).says("from a file alone");
}

#[test]
fn a_key_that_nothing_looks_for_is_told_of() {
    let server = Model::start(|_, _| Says::text("ready"));
    let repo = repo(&server.table("openai", ""));
    let host = server.host();
    let ask = |named: &str| doctor(&repo, &["--model"], named, "env:MODEL_KEY", &[("MODEL_KEY", KEY)]);
    ask(&host).exits(0).keeps_quiet_about("was not used");
    // One on this machine may have no key, so it is asked without.
    let words = format!("the key for api.opnai.com was not used: what was asked, or would have been, is {host}");
    ask("api.opnai.com").exits(0).says(&words);
    let away = self::repo("[model]\nprovider = 'openai'\nname = 'm'\nprice = { input = 1.0, output = 1.0 }\n");
    let run = ["run", "t", "--token", "api.opnai.com=env:MODEL_KEY"];
    let words = "the key for api.opnai.com was not used: what was asked, or would have been, is api.openai.com";
    away.lifeos(&run).exits(2).says("there is no key for api.openai.com").says(words);
    let nobody = "nothing here asks a host that takes one";
    away.lifeos(&["status", "--token", "X.org=env:X"]).exits(0).says(&format!("the key for x.org was not used: {nobody}"));
    let shown = away.lifeos(&["status", "--token", KEY]);
    shown.exits(0).says("of a --token without HOST= was not used").keeps_quiet_about(KEY);
    away.lifeos(&["show", "none", "--token", "x.org=env:X"]).exits(2).keeps_quiet_about("x.org");
}

/// The rights to look into others.
const RIGHTS: &str = "-sys_ptrace,-perfmon,-sys_admin";

/// The same command for somebody without the right to look into others.
fn blind(command: &Command) -> Command {
    let is_root = rustix::process::geteuid().is_root();
    let mut blind = Command::new(if is_root { "/usr/bin/setpriv".as_ref() } else { command.get_program() });
    if is_root {
        blind.args([&format!("--bounding-set={RIGHTS}"), &format!("--inh-caps={RIGHTS}"), "--"]).arg(command.get_program());
    }
    blind.args(command.get_args()).env_clear().stdin(Stdio::null());
    blind.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        blind.current_dir(folder);
    }
    blind
}

#[test]
fn whoever_holds_a_key_cannot_be_looked_into() {
    let server = Model::start(|_, _| Says::Fault(Fault::Hang));
    let repo = repo(&server.table("openai", ""));
    let sees = |token: &[&str], before: usize| {
        let mut command = repo.command(&[&["doctor", "--model"], token].concat());
        command.env("MODEL_KEY", KEY);
        let mut child = blind(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        for _ in 0..2_000 {
            if server.requests().len() > before {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(server.requests().len(), before + 1, "it asks");
        let looked = blind(Command::new("/bin/cat").arg(format!("/proc/{}/environ", child.id()))).output().expect("cat");
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit").to_owned();
        (String::from_utf8_lossy(&looked.stdout).contains(KEY), core)
    };
    assert!(sees(&[], 0).0, "without a key to hold it is as any process");
    let (is_seen, core) = sees(&["--token", &format!("{}=env:MODEL_KEY", server.host())], 1);
    assert!(!is_seen && core.split_whitespace().nth(4) == Some("0"), "{core}");
}

#[test]
fn every_configuration_of_the_page_is_taken() {
    let page = std::fs::read_to_string(crate::rig::workspace().join("docs/models.md")).expect("the page");
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        let (kind, read) = if block.contains("[[rule]]") {
            ("script", lifeos::model::scripted::Scripted::parse("m", block).map(drop))
        } else {
            ("configuration", lifeos::config::Config::parse(block).map(drop).map_err(|error| error.to_string()))
        };
        assert_eq!(read, Ok(()), "a {kind}:\n{block}");
    }
}
