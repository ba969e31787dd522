//! Does whatever a model says (cases 65, 67, 89).

hostile::danger!(|options, _| hostile::asking::obey(options));
