//! The host of lifeos, without its face: it neither prints nor reads home or
//! environment. `ARCHITECTURE.md` tells the story; [`run`] is it in code.

pub mod approve;
pub mod broker;
pub mod candidate;
pub mod check;
pub mod checkup;
pub mod clean;
pub mod config;
pub mod diff;
pub mod digest;
pub mod edit;
pub mod event;
pub mod examine;
pub mod forge;
pub mod gate;
pub mod glob;
pub mod land;
pub mod ledger;
pub mod lock;
pub mod nearest;
pub mod path;
pub mod plugin;
pub mod policy;
pub mod refs;
pub mod repo;
pub mod results;
pub mod review;
pub mod run;
pub mod sealed;
pub mod since;
pub mod trace;
pub mod verify;
pub mod waiting;
pub mod wasm;
