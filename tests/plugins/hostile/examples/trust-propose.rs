//! Takes for granted that an edit is taken.

use hostile::content;

hostile::danger!(|options, _| content::trust_propose(&options.paths));
