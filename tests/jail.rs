//! What commands of a gate can reach: scripts of a repository that nobody
//! trusts, run as its owner's tests.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::gate::{EDIT, gated, is_isolated, output, run};
use crate::rig::{TestRepo, hostile};

/// As [`gated`], where this kernel can isolate a gate.
fn jailed(script: &str, more: &str) -> Option<TestRepo> {
    is_isolated().then(|| gated(script, more))
}

#[test]
fn case_72_the_environment_is_an_allow_list() {
    let Some(repo) = jailed("env | cut -d= -f1 | sort | tr '\\n' ' '", "") else { return };
    let mut command = repo.command(&["run", "t", "--json"]);
    command.env("SECRET_TOKEN", "s3cr3t").env("GITHUB_TOKEN", "s3cr3t");
    repo.guarded(command).exits(0);
    let said = output(&repo);
    let names: Vec<&str> = said.lines().last().unwrap_or_default().split(' ').filter(|name| !name.is_empty()).collect();
    let known = ["CARGO_HOME", "HOME", "LANG", "OLDPWD", "PATH", "PWD", "RUSTUP_HOME", "SHLVL", "TMPDIR", "_"];
    assert!(names.contains(&"HOME") && names.iter().all(|name| known.contains(name)), "{names:?}");
}

#[test]
fn case_72_the_environment_of_other_processes_is_out_of_reach() {
    let Some(repo) = jailed("cat /proc/[0-9]*/environ 2>&1 | tr '\\0' '\\n' | grep -c s3cr3t; true", "") else { return };
    let mut command = repo.command(&["run", "t", "--json"]);
    command.env("SECRET_TOKEN", "s3cr3t");
    repo.guarded(command).exits(0);
    assert!(output(&repo).ends_with('0'), "{}", output(&repo));
}

#[test]
fn case_74_there_is_no_network() {
    let script = "python3 - <<'P'\nimport socket\nfor family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):\n    try:\n        socket.socket(family)\n        print('open')\n    except OSError as error:\n        print('closed')\ntry:\n    socket.getaddrinfo('localhost', 80)\n    print('resolved')\nexcept OSError:\n    print('unresolved')\nP\n";
    let Some(repo) = jailed(script, "") else { return };
    run(&repo).exits(0);
    let said = output(&repo);
    assert_eq!((said.matches("closed").count(), said.contains("open")), (3, false), "{said}");
}

#[test]
fn case_75_nothing_outside_of_the_folder_can_be_written_or_read() {
    if !is_isolated() {
        return;
    }
    let repo = TestRepo::new(&[("one.md", "a\n")]);
    let canary = repo.scratch().join("canary");
    std::fs::write(&canary, "s3cr3t").expect("a canary");
    let places = [repo.path().join(".git/hooks/pre-commit"), repo.home().join(".profile"), canary.clone(), "/tmp/x".into()];
    let places = places.map(|path: std::path::PathBuf| path.display().to_string()).join(" ");
    let script = format!(
        "for f in {places}; do echo x > $f && echo written; done\ncat {} && echo read\nln -s /etc/hostname l && cat l && echo read\n\
         git config --global user.name x && echo own; echo x > $HOME/y && echo x > $TMPDIR/z && echo home; exit 0",
        canary.display()
    );
    repo.write("check.sh", script);
    repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = ['sh check.sh']\n"));
    run(&repo).exits(0);
    let said = output(&repo);
    assert!(!said.contains("written\n") && !said.contains("read\n") && !said.contains("s3cr3t"), "{said}");
    assert!(said.contains("home"), "{said}");
    assert_eq!(std::fs::read_to_string(canary).expect("the canary"), "s3cr3t");
}

#[test]
fn case_77_what_is_left_in_the_background_is_killed() {
    let script = "(setsid sh -c 'trap \"\" TERM HUP; (trap \"\" TERM HUP; exec sleep 297) & exec sleep 298' &) ; echo started";
    let Some(repo) = jailed(script, "") else { return };
    let report = run(&repo).exits(0).json();
    let killed = report["tasks"][0]["record"]["gate"]["commands"][0]["killed"].as_u64();
    assert!(killed.is_some_and(|killed| killed >= 1), "{report}");
    for time in ["297", "298"] {
        assert!(!is_running(&["sleep", time]), "sleep {time} is still there");
    }
}

/// Whether a process with these words is there.
fn is_running(words: &[&str]) -> bool {
    let wanted = format!("{}\0", words.join("\0"));
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes.into_iter().any(|entry| std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| line == wanted.as_bytes()))
}

#[test]
fn case_78_a_gate_that_never_ends_is_killed() {
    let Some(repo) = jailed("sleep 299", "limits.gate_seconds_max = 1\n") else { return };
    let started = Instant::now();
    run(&repo).exits(22).says("gate_seconds_max");
    assert!(started.elapsed() < Duration::from_secs(60));
    assert!(!is_running(&["sleep", "299"]));
}

#[test]
fn case_79_output_without_end_is_cut_and_costs_no_disk() {
    let Some(repo) = jailed("head -c 300000000 /dev/zero | tr '\\0' 'y'; echo; echo the end", "") else { return };
    run(&repo).exits(0);
    let said = output(&repo);
    assert!(said.ends_with("the end") && said.len() < 300 << 10, "{}", said.len());
}

#[test]
fn memory_and_processes_are_bounded() {
    let Some(repo) = jailed(
        "python3 -c 'x = bytearray(400_000_000); import time; time.sleep(20)'",
        "limits.gate_memory_bytes_max = 200000000\n",
    ) else {
        return;
    };
    run(&repo).exits(22).says("gate_memory_bytes_max");
    let Some(repo) = jailed("for i in 1 2 3 4 5 6 7 8 9; do sleep 296 & done; wait", "limits.gate_processes_max = 5\n") else {
        return;
    };
    run(&repo).exits(22).says("gate_processes_max");
    assert!(!is_running(&["sleep", "296"]));
}

#[test]
fn links_that_lead_out_are_not_there() {
    if !is_isolated() {
        return;
    }
    let repo = TestRepo::new(&[("one.md", "a\n"), ("check.sh", "cat in && echo inside; cat out && echo outside; exit 0")]);
    std::os::unix::fs::symlink("one.md", repo.path().join("in")).expect("a link");
    std::os::unix::fs::symlink(Path::new("/etc/passwd"), repo.path().join("out")).expect("a link");
    repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = ['sh check.sh']\n"));
    run(&repo).exits(0);
    let said = output(&repo);
    assert!(said.contains("inside") && !said.contains("outside"), "{said}");
}

#[test]
fn doctor_tells_how_gates_are_isolated() {
    if !is_isolated() {
        return;
    }
    let repo = TestRepo::new(&[("one.md", "a\n")]);
    repo.task(&hostile("nothing"), "read = ['**']");
    repo.lifeos(&["doctor"]).says("Landlock").says("namespaces");
}

#[test]
fn case_77_no_name_hides_a_process() {
    let script = "n=$(printf '\\377'); cp /bin/sleep \"./$n\"; \"./$n\" 295 & cp /bin/sleep './a) R 1 2'; './a) R 1 2' 295 & sleep .2; exit 0";
    let Some(repo) = jailed(script, "") else { return };
    let report = run(&repo).exits(0).json();
    let killed = &report["tasks"][0]["record"]["gate"]["commands"][0]["killed"];
    assert!(killed.as_u64().is_some_and(|killed| killed >= 2), "{report}");
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let left =
        processes.filter(|entry| std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.ends_with(b"\x00295\0")));
    assert_eq!(left.count(), 0);
}

#[test]
fn other_processes_keep_their_limits_and_their_turn() {
    let script = "prlimit --pid $PPID --nofile=0 2>&1; renice -n 19 -p $PPID 2>&1; chrt -i -p 0 $PPID 2>&1; \
                  ipcmk -M 4096 2>&1; prlimit --nofile=50 && echo own; exit 0";
    let Some(repo) = jailed(script, "") else { return };
    run(&repo).exits(0);
    let said = output(&repo);
    assert!(said.matches("ermission denied").count() >= 3, "{said}");
}

#[test]
fn files_that_somebody_left_open_stay_behind() {
    let Some(repo) = jailed("cat <&7 && echo read; echo x >&8 && echo written; exit 0", "") else { return };
    let (secret, log) = (repo.scratch().join("secret"), repo.scratch().join("log"));
    std::fs::write(&secret, "s3cr3t").expect("a file");
    let setup = format!("exec 7<{} 8>>{}", secret.display(), log.display());
    let ran = repo.guarded(crate::rig::below_shell(&setup, &repo.command(&["run", "t", "--json"])));
    ran.exits(0);
    let said = output(&repo);
    assert!(!said.contains("s3cr3t") && !said.contains("written"), "{said}");
    assert_eq!(std::fs::read_to_string(log).expect("the log"), "");
}

#[test]
fn datagrams_do_not_leave_and_streams_stay_pairs() {
    let script = "python3 - <<'P'\nimport socket\nfor kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):\n    try:\n        socket.socketpair(socket.AF_UNIX, kind)\n        print('pair')\n    except OSError:\n        print('no pair')\nP\n";
    let Some(repo) = jailed(script, "") else { return };
    run(&repo).exits(0);
    assert!(output(&repo).ends_with("no pair\npair"), "{}", output(&repo));
}

#[test]
fn a_folder_goes_however_deep_it_is_and_is_its_owner_s_alone() {
    let script = "stat -c %a ..; python3 -c \"import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\nos.mkdir('e', 0)\"; exit 0";
    let Some(repo) = jailed(script, "") else { return };
    let scratch = repo.scratch().join("tmp");
    std::fs::create_dir(&scratch).expect("a folder");
    let mut command = repo.command(&["run", "t", "--json"]);
    command.env("TMPDIR", &scratch);
    repo.guarded(crate::rig::below_shell("ulimit -n 256; umask 0", &command)).exits(0);
    assert!(output(&repo).contains("700"), "{}", output(&repo));
    assert_eq!(std::fs::read_dir(scratch).expect("the folder").count(), 0);
}

#[test]
fn case_75_not_even_the_mode_of_a_file_elsewhere_can_be_changed() {
    if !is_isolated() {
        return;
    }
    let repo = TestRepo::new(&[("one.md", "a\n")]);
    let canary = repo.scratch().join("canary");
    std::fs::write(&canary, "x").expect("a canary");
    let place = canary.display();
    repo.write("check.sh", format!("chmod 777 {place} && echo changed; touch -d 1970-01-01 {place} && echo touched; chmod 700 check.sh && echo own; exit 0"));
    repo.task(&crate::rig::hostile_files("sane-edit"), &format!("{EDIT}gate = ['sh check.sh']\n"));
    let report = run(&repo).exits(0).json();
    let said = output(&repo);
    assert!(said.contains("own"), "{said}");
    // Where there are no namespaces this is one of the things that docs/gate.md says are not covered.
    if report["tasks"][0]["record"]["gate"]["namespaces"] == true {
        assert!(!said.contains("changed") && !said.contains("touched"), "{said}");
    }
}
