//! Deletes whatever it can read (case 61).

use hostile::content;

hostile::danger!(|_, _| content::delete_all());
