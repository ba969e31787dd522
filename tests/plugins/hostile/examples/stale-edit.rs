//! Edits by the id of a blob that is not there (case 59).

use hostile::content;

hostile::danger!(|options, _| content::stale(&options.paths));
