//! Asks what is at each path (case 63).

use hostile::paths;

hostile::danger!(|options, _| paths::stat(&options.paths));
