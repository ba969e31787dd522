//! Proposes two edits of one file (case 60).

use hostile::content;

hostile::danger!(|options, _| content::twice(&options.paths));
