//! Hands over one text of 200 MiB (case 8).

use hostile::resources;

hostile::danger!(|_, _| resources::huge_string());
