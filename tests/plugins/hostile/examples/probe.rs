//! Tries every function on each path, and tells what came back (cases 29, 30, 31, 32, 38, 39, 41, 43, 47, 48, 52, 53, 57, 63).

use hostile::paths;

hostile::danger!(|options, _| paths::probe(&options.paths));
