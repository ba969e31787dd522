//! The integration tests: one program, run over temporary repositories. Names
//! carry the number of the acceptance case they cover.

mod authoring;
mod book;
mod cache;
mod clones;
mod complete;
mod content;
mod crash;
mod documents;
mod exits;
mod forge;
mod forge_faults;
mod forged;
mod gate;
mod jail;
mod json;
mod landing;
mod license;
mod languages;
mod loading;
mod names;
mod paths;
mod people;
mod remembered;
mod repository;
mod review;
mod rig;
mod rollback;
mod rules;
mod same;
mod sandbox;
mod since;
mod tidy;
mod verbs;
mod verify;
mod whole;
