//! Edits what it was told to edit: a good citizen (cases 35, 36, 49, 50, 60).

use hostile::content;

hostile::danger!(|options, _| content::replace(&options.paths, &options.find, &options.text));
