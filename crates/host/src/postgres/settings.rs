//! The text of the private cluster's configuration files. Writes no file.

use super::PORT;
use std::path::Path;

/// The superuser initdb makes; used for bootstrap and upkeep only.
pub const SUPERUSER: &str = "struct_root";
/// The roles the accounts of this machine may sign in as; `store` makes all but the first.
pub const ROLES: [&str; 4] = [SUPERUSER, "struct_owner", "struct_app", "struct_ops"];

/// pg_hba.conf: the socket only, and only accounts of this machine named in the map.
pub(super) const ACCESS: &str = "\
# Written by STRUCT at every start; changes are lost.
local  all          all  peer map=struct
local  replication  all  peer map=struct
";

/// pg_ident.conf: which account may be which role. Root could read the files anyway.
pub(super) fn accounts(account: &str) -> String {
    let mut text = String::from("# Written by STRUCT at every start; changes are lost.\n");
    let mut names = vec![account];
    if account != "root" {
        names.push("root");
    }
    for name in names {
        for role in ROLES {
            text.push_str(&format!("struct  \"{name}\"  {role}\n"));
        }
    }
    text
}

/// postgresql.conf. `own` may hold the operator's additions; it is read last, except for what `fixed` says.
pub(super) fn server(socket_dir: &Path, log_dir: &Path, own: &Path) -> String {
    format!(
        "\
# Written by STRUCT at every start; changes are lost. Put your own into the file included at the end.
listen_addresses = ''
port = {PORT}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 100
password_encryption = scram-sha-256

# Small enough for one machine that runs everything, large enough that the hot rows of some tenants stay.
shared_buffers = 64MB
effective_cache_size = 512MB
work_mem = 8MB
maintenance_work_mem = 64MB
jit = off

# Nothing committed may be lost; the log is kept rich enough for backups.
fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
max_wal_size = 1GB
checkpoint_timeout = 5min

# Texts and times mean the same on every machine.
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'

# A week of logs, a file an hour, and no value of any row in them: terse leaves out the DETAIL line
# that quotes keys, and a statement that fails isn't quoted.
logging_collector = on
log_destination = 'stderr'
log_directory = {logs}
log_filename = 'postgresql-%u-%H.log'
log_file_mode = 0600
log_rotation_age = 60min
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u@%d '
log_min_messages = warning
log_error_verbosity = terse
log_statement = 'none'
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0

include_if_exists = {own}
",
        sockets = quoted(&format!("\"{}\"", socket_dir.display().to_string().replace('"', "\"\""))),
        logs = quoted(&log_dir.display().to_string()),
        own = quoted(&own.display().to_string()),
    )
}

/// What the operator's additions may not undo; given on the command line, which wins over every file.
pub(super) fn fixed() -> [String; 3] {
    ["listen_addresses=".to_owned(), format!("port={PORT}"), "fsync=on".to_owned()]
}

/// A string of postgresql.conf.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_ends_no_setting() {
        let text = server(Path::new("/o'brien/run"), Path::new("/l"), Path::new("/o"));
        assert!(text.contains(r#"unix_socket_directories = '"/o''brien/run"'"#), "{text}");
    }

    #[test]
    fn only_the_account_and_root_stand_in_the_map() {
        let text = accounts("struct");
        let mut names: Vec<_> = text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        names.dedup();
        assert_eq!(names, ["\"struct\"", "\"root\""]);
    }
}
