//! Calls the host a million times (case 10).

use hostile::resources;

hostile::danger!(|_, _| resources::million_calls());
