//! The text of the private cluster's configuration files. Writes no file.

use super::{Archiving, PORT};
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

/// postgresql.conf. `own` may hold the operator's additions; it is read last, except for archiving and what `fixed` says.
pub(super) fn server(socket_dir: &Path, log_dir: &Path, own: &Path, archiving: &Archiving) -> String {
    let text = format!(
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

# Whoever wants to archive in a way of their own switches STRUCT's off and says so in the file included here.
archive_mode = off

include_if_exists = {own}
",
        sockets = quoted(&format!("\"{}\"", socket_dir.display().to_string().replace('"', "\"\""))),
        logs = quoted(&log_dir.display().to_string()),
        own = quoted(&own.display().to_string()),
    );
    text + &archive(archiving)
}

/// Stands after the operator's additions, which therefore can't keep the log from where it is to go.
fn archive(archiving: &Archiving) -> String {
    let Archiving::On(archiver) = archiving else { return String::new() };
    format!(
        "
# A segment leaves when it is full, and after this many seconds when it is not. One that can't leave is kept and tried again.
archive_mode = on
archive_timeout = {}
archive_library = ''
archive_command = {}
",
        archiver.interval_s,
        quoted(&archiver.command),
    )
}

/// The argument that only a server started for archiving has.
pub(super) const ARCHIVES: &str = "archive_mode=on";

/// What the operator's additions may not undo; given on the command line, which wins over every file.
pub(super) fn fixed(archiving: &Archiving) -> Vec<String> {
    // Nobody gets in while the log is replayed after a restore: ready means that it takes writes.
    let mut fixed = vec![
        "listen_addresses=".to_owned(),
        format!("port={PORT}"),
        "fsync=on".to_owned(),
        "hot_standby=off".to_owned(),
    ];
    if matches!(archiving, Archiving::On(_)) {
        fixed.push(ARCHIVES.to_owned());
    }
    fixed
}

/// A string of postgresql.conf.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{postgres::Archiver, secret::Secret};

    #[test]
    fn a_quote_in_a_path_ends_no_setting() {
        let text = server(Path::new("/o'brien/run"), Path::new("/l"), Path::new("/o"), &Archiving::Off);
        assert!(text.contains(r#"unix_socket_directories = '"/o''brien/run"'"#), "{text}");
    }

    #[test]
    fn the_operators_additions_cannot_keep_the_log_from_where_it_goes() {
        let archiver = Archiver {
            command: "'/bin/x' \"%p\"".to_owned(),
            interval_s: 30,
            environment: vec![("WORD", Secret::new("canary"))],
        };
        let text = server(Path::new("/r"), Path::new("/l"), Path::new("/o"), &Archiving::On(archiver.clone()));
        let (before, after) = text.split_once("include_if_exists").expect("it is there");
        assert!(before.contains("archive_mode = off") && after.contains("archive_mode = on"), "{text}");
        assert!(after.contains("archive_timeout = 30\n") && after.contains(r#"= '''/bin/x'' "%p"'"#), "{text}");
        assert!(!text.contains("canary"));
        assert!(fixed(&Archiving::On(archiver)).contains(&ARCHIVES.to_owned()));
        assert!(!fixed(&Archiving::Off).contains(&ARCHIVES.to_owned()));
    }

    #[test]
    fn only_the_account_and_root_stand_in_the_map() {
        let text = accounts("struct");
        let mut names: Vec<_> = text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        names.dedup();
        assert_eq!(names, ["\"struct\"", "\"root\""]);
    }
}
