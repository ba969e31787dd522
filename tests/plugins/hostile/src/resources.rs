//! Dangers to time and memory.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use lifeos_sdk::{Change, Creation, Edit, Replacement, Span, edits, log, repo};

use crate::content;

/// Survives a call, but must not survive an instance.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Never ends.
pub fn endless_loop() -> Result<(), String> {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

/// Takes memory and gives none back.
pub fn hoard_memory() -> Result<(), String> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Calls itself without end.
pub fn recurse() -> Result<(), String> {
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 64]);
        if black_box(depth) == u64::MAX { 0 } else { frame[0] + deeper(depth + 1) }
    }
    Err(deeper(0).to_string())
}

/// Hands over a text of 200 MiB.
pub fn huge_string() -> Result<(), String> {
    let text = "x".repeat(200 << 20);
    let edit = Edit::Create(Creation { path: "huge.md".to_owned(), text });
    let answer = edits::propose(&edit);
    Err(format!("the host took it: {answer:?}"))
}

/// Calls the host a million times.
pub fn million_calls() -> Result<(), String> {
    for _ in 0..1_000_000 {
        let _page = repo::list_files("nothing", None);
    }
    Err("a million calls were answered".to_owned())
}

/// Small here, large for whoever keeps a vector of them.
pub fn many_empty_strings() -> Result<(), String> {
    let empty = Replacement { span: Span { start: 0, end: 0 }, text: String::new() };
    let change = Change { path: "a.md".to_owned(), id: String::new(), replacements: vec![empty; 10_000_000] };
    let answer = edits::propose(&Edit::Change(change));
    Err(format!("the host took it: {answer:?}"))
}

/// Tells how often this instance was called before.
pub fn remember() -> Result<(), String> {
    let before = CALLS.fetch_add(1, Ordering::Relaxed);
    log::write(log::Level::Info, &format!("calls before this one: {before}"));
    Ok(())
}

/// Tells what time it was told.
pub fn clock(now: i64) -> Result<(), String> {
    log::write(log::Level::Info, &format!("now: {now}"));
    Ok(())
}

/// Works for a while, then edits: something to be interrupted.
pub fn slow(count: u64, paths: &[String]) -> Result<(), String> {
    for step in 0..count {
        black_box(step);
    }
    content::replace(paths, "", "slow\n")
}
