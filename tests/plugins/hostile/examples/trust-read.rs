//! Takes for granted that what is listed can be read.

use hostile::content;

hostile::danger!(|options, _| content::trust_read(&options.paths));
