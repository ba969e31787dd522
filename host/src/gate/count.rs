//! How many tests ran, as their runners say it in their output.

use std::sync::LazyLock;

use regex::Regex;

/// A sentence of a runner: the sum of its numbers is the number of tests.
struct Sentence {
    pattern: Regex,
    /// What a match stands for.
    of: Of,
}

/// What a sentence tells.
#[derive(Clone, Copy)]
enum Of {
    /// Its numbers are tests that ran.
    Ran,
    /// Each of them is one test that ran.
    One,
    /// Its numbers are tests that the others count and that were passed over.
    PassedOver,
}

static SENTENCES: LazyLock<Vec<Sentence>> = LazyLock::new(|| {
    let sentence = |pattern: &str, of| Regex::new(pattern).ok().map(|pattern| Sentence { pattern, of });
    let all = [
        // cargo test, cargo nextest
        sentence(r"(?m)^test result: \w+\. (\d+) passed; (\d+) failed;", Of::Ran),
        sentence(r"(?m)^ +Summary \[[^\]]*\] +(\d+)(?:/\d+)? tests? run:", Of::Ran),
        // pytest, unittest
        sentence(r"(?m)^=*[ ,]*(?:(\d+) failed)?[ ,]*(?:(\d+) passed)?(?:, \d+ \w+)* in [\d.]+s(?: \([\d:]+\))?[ =]*$", Of::Ran),
        sentence(r"(?m)^=+ no tests ran in", Of::Ran),
        sentence(r"(?m)^Ran (\d+) tests? in ", Of::Ran),
        // node --test and TAP, jest and vitest
        sentence(r"(?m)^(?:# |\x{2139} )tests (\d+)$", Of::Ran),
        sentence(r"(?m)^ *Tests:? +(?:(\d+) failed, )?(?:\d+ skipped, )?(?:\d+ todo, )?(?:(\d+) passed, )?\d+ total$", Of::Ran),
        sentence(r"(?m)^(?:OK|FAILED) \((?:[a-z ]+=\d+, )*skipped=(\d+)", Of::PassedOver),
        sentence(r"(?m)^(?:# |\x{2139} )(?:skipped|todo) (\d+)$", Of::PassedOver),
        sentence(r"(?m)^ *Tests +(?:(\d+) failed \| )?(\d+) passed", Of::Ran),
        // go test -v
        sentence(r"(?m)^ *--- (?:PASS|FAIL): ", Of::One),
        sentence(r"(?m)^testing: warning: no tests to run$", Of::Ran),
    ];
    all.into_iter().flatten().collect()
});

/// The number of tests that an output tells of; none if it tells of none that
/// is known here.
pub(super) fn executed(output: &str) -> Option<u64> {
    let mut count: Option<u64> = None;
    for Sentence { pattern, of } in SENTENCES.iter() {
        for found in pattern.captures_iter(output) {
            let numbers = found.iter().skip(1).flatten().filter_map(|number| number.as_str().parse::<u64>().ok());
            let before: u64 = count.unwrap_or(0);
            count = match of {
                Of::Ran => Some(before.saturating_add(numbers.sum())),
                Of::One => Some(before.saturating_add(1)),
                Of::PassedOver => count.map(|count: u64| count.saturating_sub(numbers.sum())),
            };
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::executed;

    #[test]
    fn runners_tell_how_many_tests_ran() {
        let rows: &[(&str, Option<u64>)] = &[
            ("test result: ok. 3 passed; 1 failed; 2 ignored; 0 measured\n\ntest result: ok. 4 passed; 0 failed;\n", Some(8)),
            ("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored;\n", Some(0)),
            ("     Summary [   0.012s] 12 tests run: 12 passed, 0 skipped\n", Some(12)),
            ("========= 2 failed, 5 passed, 1 skipped in 0.12s =========\n", Some(7)),
            ("5 passed in 0.01s\n", Some(5)),
            ("========= no tests ran in 0.01s =========\n", Some(0)),
            ("Ran 1 test in 0.000s\n\nOK\n", Some(1)),
            ("Ran 2 tests in 0.000s\n\nOK (skipped=2)\n", Some(0)),
            ("# tests 4\n# pass 4\n", Some(4)),
            ("# tests 4\n# pass 1\n# skipped 2\n# todo 1\n", Some(1)),
            ("Tests:       2 skipped, 2 total\n", Some(0)),
            ("\u{2139} tests 4\n", Some(4)),
            ("Tests:       1 failed, 5 passed, 6 total\n", Some(6)),
            (" Tests  1 failed | 2 passed (3)\n", Some(3)),
            ("--- PASS: TestA (0.00s)\n    --- PASS: TestA/b (0.00s)\nok  \tx\t0.01s\n", Some(2)),
            ("make: nothing to be done\n", None),
            ("ok  \tx\t0.01s\n", None),
        ];
        for (output, expected) in rows {
            assert_eq!(executed(output), *expected, "{output:?}");
        }
    }
}
