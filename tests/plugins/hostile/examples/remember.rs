//! Keeps a number in memory for the next run (case 17).

use hostile::resources;

hostile::danger!(|_, _| resources::remember());
