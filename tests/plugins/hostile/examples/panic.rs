//! Panics at once (case 7).

hostile::danger!(|_, _| panic!("on purpose"));
