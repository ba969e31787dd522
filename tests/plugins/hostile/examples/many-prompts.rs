//! Asks a model under ever other names.

hostile::danger!(|options, _| hostile::asking::names(options));
