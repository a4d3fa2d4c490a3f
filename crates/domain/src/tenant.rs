//! Tenants: the vendor's customers.
