//! Gives up, in words that colour a terminal (case 7).

hostile::danger!(|options, _| Err(format!("giving up\u{1b}[31m: {}", options.text)));
