//! qala pairs people and lets them talk: the server library behind `qala serve`.

pub mod config;
