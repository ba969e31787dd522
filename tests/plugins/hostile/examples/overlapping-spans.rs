//! Edits spans that overlap, or come in the wrong order.

use hostile::content;

hostile::danger!(|options, _| content::overlapping_spans(&options.paths));
