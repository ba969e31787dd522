//! Takes memory until there is none (case 5).

use hostile::resources;

hostile::danger!(|_, _| resources::hoard_memory());
