//! Sessions: their limits. Their tokens and rows are `app`'s and `store`'s.
