//! Escapes of HTML and of addresses, read as a browser reads them: one at the beginning
//! of a text, and what it stands for. Which of them count where is not decided here.

/// Named entities that an address or a key can be made with; none: passed over.
const NAMED: &[(&[u8], Option<char>)] = &[
    (b"Tab", None),
    (b"NewLine", None),
    (b"colon", Some(':')),
    (b"sol", Some('/')),
    (b"bsol", Some('\\')),
    (b"period", Some('.')),
    (b"commat", Some('@')),
    (b"quest", Some('?')),
    (b"num", Some('#')),
    (b"percnt", Some('%')),
    (b"equals", Some('=')),
    (b"plus", Some('+')),
    (b"amp", Some('&')),
    (b"AMP", Some('&')),
    (b"quot", Some('"')),
    (b"apos", Some('\'')),
    (b"lt", Some('<')),
    (b"gt", Some('>')),
    (b"lpar", Some('(')),
    (b"rpar", Some(')')),
    (b"lsqb", Some('[')),
    (b"lbrack", Some('[')),
    (b"rsqb", Some(']')),
    (b"rbrack", Some(']')),
    (b"excl", Some('!')),
    (b"lowbar", Some('_')),
    (b"hyphen", Some('-')),
    (b"dash", Some('-')),
    (b"shy", None),
    (b"ZeroWidthSpace", None),
    (b"zwj", None),
    (b"zwnj", None),
    (b"NoBreak", None),
];
/// Bytes of a name, with its semicolon.
const NAME_BYTES_MAX: usize = 16;

/// The length of the entity that a text begins with, and the character that it stands
/// for; no character where it stands for nothing that can be written.
#[must_use]
pub(crate) fn entity(text: &[u8]) -> Option<(usize, Option<char>)> {
    match text {
        [b'&', b'#', b'x' | b'X', digits @ ..] => numbered(digits, 16).map(|(length, char)| (3 + length, char)),
        [b'&', b'#', digits @ ..] => numbered(digits, 10).map(|(length, char)| (2 + length, char)),
        [b'&', rest @ ..] => {
            let length = rest.iter().take(NAME_BYTES_MAX).position(|byte| *byte == b';')?;
            let (_, char) = NAMED.iter().find(|(name, _)| *name == &rest[..length])?;
            Some((length + 2, *char))
        }
        _ => None,
    }
}

/// The number that a text begins with, as a character; a browser takes one without its
/// semicolon as well, and any number of zeros.
fn numbered(text: &[u8], base: u32) -> Option<(usize, Option<char>)> {
    let digits = text.iter().map_while(|byte| char::from(*byte).to_digit(base));
    let (count, code) =
        digits.fold((0, 0_u32), |(count, code), digit| (count + 1, code.saturating_mul(base).saturating_add(digit)));
    let has_end = text.get(count) == Some(&b';');
    (count > 0).then(|| (count + usize::from(has_end), char::from_u32(code)))
}

/// The byte that `%41` at the beginning of a text stands for.
#[must_use]
pub(crate) fn percent(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => byte(*high, *low),
        _ => None,
    }
}

/// The byte of two hexadecimal digits.
#[must_use]
pub(crate) fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_read_as_a_browser_reads_it() {
        let zeros = format!("&#x{}41;", "0".repeat(40));
        type Row<'t> = (&'t str, Option<(usize, Option<char>)>);
        let rows: &[Row<'_>] = &[
            ("&#65;b", Some((5, Some('A')))),
            ("&#65b", Some((4, Some('A')))),
            ("&#x41g", Some((5, Some('A')))),
            ("&#X41;", Some((6, Some('A')))),
            (&zeros, Some((zeros.len(), Some('A')))),
            ("&#99999999999;", Some((14, None))),
            ("&#xd800;", Some((8, None))),
            ("&colon;//", Some((7, Some(':')))),
            ("&ZeroWidthSpace;", Some((16, None))),
            ("&colon", None),
            ("&eacute;", None),
            ("&#;", None),
            ("&#x;", None),
            ("&", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(entity(text.as_bytes()), *expected, "{text}");
        }
        assert_eq!([percent(b"%4a"), percent(b"%4"), percent(b"%4g"), percent(b"4a")], [Some(b'J'), None, None, None]);
    }
}
