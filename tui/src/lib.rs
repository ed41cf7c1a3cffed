//! `qala top`: source -> state -> view over what nodes share. Nothing is here yet: its shape is
//! drawn in `docs/ARCHITECTURE.md`, and the command line does not offer the command until it works.
