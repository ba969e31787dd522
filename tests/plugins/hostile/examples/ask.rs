//! Asks a model as often as it was told to (cases 69, 70, 125 to 146).

hostile::danger!(|options, _| hostile::asking::ask(options));
