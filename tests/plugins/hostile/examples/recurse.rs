//! Calls itself until there is no room for a frame (case 6).

use hostile::resources;

hostile::danger!(|_, _| resources::recurse());
