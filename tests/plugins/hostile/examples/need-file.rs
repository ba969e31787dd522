//! Takes for granted that there is a file.

use hostile::content;

hostile::danger!(|_, _| content::need_file());
