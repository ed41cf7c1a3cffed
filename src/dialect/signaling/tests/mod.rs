//! The contract's table, row by row, what must hold for any input, and the page that people read.
