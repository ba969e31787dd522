//! Works for a while and then edits: something to be interrupted (case 64).

use hostile::resources;

hostile::danger!(|options, _| resources::slow(options.count, &options.paths));
