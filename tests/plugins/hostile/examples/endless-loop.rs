//! Never comes to an end (case 4).

use hostile::resources;

hostile::danger!(|_, _| resources::endless_loop());
