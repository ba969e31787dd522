//! Runs of base64 and of hexadecimal digits, decoded. A run may be part of a longer
//! word, so it is decoded from each place where it could begin.

use std::ops::Range;

/// Digits of a run that is decoded at least, unless a known value is shorter.
const BASE64_MIN: usize = 20;
const HEX_MIN: usize = 32;
/// Bytes that are passed at once; fewer than any run has.
const HEX_STEP: usize = 12;
/// Digits of a line after which a run may go on in the next.
const LINE_MIN: usize = 16;
/// Bytes of printed text in which a secret may be.
const PRINTABLE_MIN: usize = 12;
/// No digit.
const NONE: u8 = 0xff;

/// The value of each digit of both alphabets of base64.
const BASE64: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut at = 0;
    while at < 26 {
        table[b'A' as usize + at] = at as u8;
        table[b'a' as usize + at] = at as u8 + 26;
        at += 1;
    }
    at = 0;
    while at < 10 {
        table[b'0' as usize + at] = at as u8 + 52;
        at += 1;
    }
    table[b'+' as usize] = 62;
    table[b'-' as usize] = 62;
    table[b'/' as usize] = 63;
    table[b'_' as usize] = 63;
    table
};

/// Shows the decoded bytes of each run, one after the other for each place where it may
/// begin, until one is taken. A known value of `shortest` bytes lies in a run.
pub(super) fn runs(text: &[u8], shortest: usize, mut take: impl FnMut(Range<usize>, &[u8]) -> bool) {
    let least = BASE64_MIN.min(shortest.saturating_mul(4) / 3);
    let (mut digits, mut decoded) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(range) = next_base64(text, at, least, &mut digits) {
        at = range.end;
        for begin in 0..4.min(digits.len()) {
            decoded.clear();
            decode(&digits[begin..], &mut decoded);
            if take(range.clone(), &decoded) {
                break;
            }
        }
    }
    let least = HEX_MIN.min(shortest.saturating_mul(2));
    let mut at = 0;
    while let Some(range) = next_hex(text, at, least, &mut digits) {
        at = range.end;
        for begin in 0..2 {
            decoded.clear();
            decoded.extend(digits[begin..].chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
            if take(range.clone(), &decoded) {
                break;
            }
        }
    }
}

/// Three bytes of each four digits, and what the last ones make.
fn decode(digits: &[u8], decoded: &mut Vec<u8>) {
    let bytes = |digits: &[u8]| {
        let word = digits.iter().fold(0_u32, |word, digit| word << 6 | u32::from(*digit)) << (6 * (4 - digits.len()));
        word.to_be_bytes()
    };
    let chunks = digits.chunks_exact(4);
    let last = chunks.remainder();
    decoded.reserve(digits.len());
    chunks.for_each(|four| decoded.extend_from_slice(&bytes(four)[1..]));
    if !last.is_empty() {
        decoded.extend_from_slice(&bytes(last)[1..last.len()]);
    }
}

/// The next run of at least so many digits, and what they are; a run goes on in the
/// next line if its line was long.
fn next_base64(text: &[u8], from: usize, least: usize, digits: &mut Vec<u8>) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(start) = next_word(text, at, LINE_MIN.min(least)) {
        let mut line = line_of(text, start);
        let mut end = start + line;
        digits.clear();
        digits.extend(text[start..end].iter().map(|byte| BASE64[usize::from(*byte)]));
        while line >= LINE_MIN
            && let Some(next) = next_line(text, end)
        {
            line = line_of(text, next);
            end = next + line;
            digits.extend(text[next..end].iter().map(|byte| BASE64[usize::from(*byte)]));
        }
        let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        if digits.len() >= least {
            return Some(start..end + padding);
        }
        at = end;
    }
    None
}

/// Where the next digits begin of which at least so many follow one another. It looks
/// at few bytes: where one is no digit, none of those before it can begin them.
fn next_word(text: &[u8], from: usize, least: usize) -> Option<usize> {
    let mut at = from;
    while let Some(window) = text.get(at..at + least) {
        match window.iter().rposition(|byte| BASE64[usize::from(*byte)] == NONE) {
            Some(other) => at += other + 1,
            None => return Some(at),
        }
    }
    None
}

fn line_of(text: &[u8], at: usize) -> usize {
    text[at..].iter().take_while(|byte| BASE64[usize::from(**byte)] != NONE).count()
}

/// Where the next line has its first digit, if one line ends at `end`.
fn next_line(text: &[u8], end: usize) -> Option<usize> {
    let signs = text[end..].iter().take(24).take_while(|byte| b"\r\n \t>".contains(byte));
    let (mut count, mut lines) = (0, 0);
    for byte in signs {
        count += 1;
        lines += u32::from(*byte == b'\n');
    }
    let has_digit = text.get(end + count).is_some_and(|byte| BASE64[usize::from(*byte)] != NONE);
    (lines == 1 && has_digit).then_some(end + count)
}

/// The next run of hexadecimal digits; pairs may have one sign between them.
fn next_hex(text: &[u8], from: usize, least: usize, digits: &mut Vec<u8>) -> Option<Range<usize>> {
    let mut at = from;
    while at < text.len() {
        // Where one byte is no part of a run, none of those before it can begin one.
        if text.get(at + HEX_STEP).is_some_and(|byte| !byte.is_ascii_hexdigit() && !is_between(*byte)) {
            at += HEX_STEP + 1;
            continue;
        }
        if !text[at].is_ascii_hexdigit() {
            at += 1;
            continue;
        }
        let (mut start, mut end, mut group) = (at, at, 0);
        digits.clear();
        while let Some(byte) = text.get(at) {
            let goes_on = match (char::from(*byte).to_digit(16), group) {
                (Some(digit), _) => {
                    digits.push(digit as u8);
                    (group, end) = (group + 1, at + 1);
                    true
                }
                (None, 2) if is_between(*byte) => {
                    group = 0;
                    true
                }
                (None, 4..) if *byte == b'\n' && group % 2 == 0 => true,
                // The first pair may have a word before it that ends in such digits.
                (None, 3..) if is_between(*byte) && digits.len() < least => {
                    digits.drain(..digits.len() - 2);
                    (start, group) = (at - 2, 0);
                    true
                }
                _ => false,
            };
            if !goes_on {
                break;
            }
            at += 1;
        }
        if digits.len() >= least {
            return Some(start..end);
        }
    }
    None
}

/// What may stand between two pairs of hexadecimal digits.
fn is_between(byte: u8) -> bool {
    b" :-\n".contains(&byte)
}

/// The parts of decoded bytes that can be printed, if they are long enough for a secret.
pub(super) fn printable(decoded: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_other = |byte: &u8| !matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    decoded.split(is_other).filter(|text| text.len() >= PRINTABLE_MIN)
}
