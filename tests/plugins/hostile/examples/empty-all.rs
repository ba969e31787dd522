//! Empties whatever it can read (case 61).

use hostile::content;

hostile::danger!(|_, _| content::empty_all());
