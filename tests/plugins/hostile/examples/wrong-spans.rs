//! Edits spans that no text has.

use hostile::content;

hostile::danger!(|options, _| content::wrong_spans(&options.paths));
