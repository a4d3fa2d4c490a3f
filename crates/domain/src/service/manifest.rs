//! Reads a service manifest (TOML) and says, with file, line and what is allowed, what is wrong with it.
