//! Users: a verified e-mail address and a password. Nothing else identifies anybody (promise `identity.email_only`).
