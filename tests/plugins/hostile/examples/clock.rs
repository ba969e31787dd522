//! Tells what time it was told (case 20).

use hostile::resources;

hostile::danger!(|_, input| resources::clock(input.now));
