//! Where PostgreSQL's programs are, and of which version. Starts no server.

use super::PostgresError;
use std::{
    ffi::OsString,
    fmt,
    fs::DirEntry,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The oldest major version STRUCT works with.
pub const OLDEST: u32 = 15;

/// A released version of PostgreSQL, such as 15.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Clusters of another major version can't be opened.
    pub major: u32,
    /// Clusters of any minor version can.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// From what `postgres --version` prints: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `… 19devel`.
    fn parse(printed: &str) -> Option<Self> {
        let word = printed.split(')').nth(1)?.split_whitespace().next()?;
        let mut numbers = word.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let major = numbers.next()?.ok()?;
        Some(Self { major, minor: numbers.next().and_then(Result::ok).unwrap_or(0) })
    }
}

/// A directory with `initdb` and `postgres` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    version: Version,
    configured: bool,
}

impl Binaries {
    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The version of the programs in it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The path of one of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Other installed programs of the major version wanted, unless the operator named these ones.
    pub(crate) fn of_major(&self, major: u32) -> Option<Self> {
        if self.configured {
            return None;
        }
        Places::of_this_machine().search().0.into_iter().find(|found| found.version.major == major)
    }

    #[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
    fn at(dir: &Path) -> Result<Self, String> {
        let program = dir.join("postgres").canonicalize().map_err(|e| format!("postgres there can't be used ({e})"))?;
        let dir = program.parent().ok_or("postgres stands nowhere")?.to_owned();
        if !dir.join("initdb").is_file() {
            return Err("initdb is not there".to_owned());
        }
        let answer = Command::new(&program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("postgres there can't be run ({e})"))?;
        let printed = String::from_utf8_lossy(&answer.stdout);
        let version =
            Version::parse(&printed).ok_or_else(|| format!("postgres there printed no version: {printed:?}"))?;
        Ok(Self { dir, version, configured: false })
    }
}

/// The programs to use: the configured ones, else those on `PATH`, else the newest in the folders packages use.
pub fn find_binaries(configured: Option<&Path>) -> Result<Binaries, PostgresError> {
    let Some(dir) = configured else {
        return Places::of_this_machine().first();
    };
    let binaries = Binaries::at(dir).map_err(|reason| PostgresError::NotUsable { dir: dir.to_owned(), reason })?;
    if binaries.version.major < OLDEST {
        return Err(PostgresError::NotUsable {
            dir: dir.to_owned(),
            reason: format!("PostgreSQL there is {}, older than {OLDEST}", binaries.version),
        });
    }
    Ok(Binaries { configured: true, ..binaries })
}

/// Where programs may be.
struct Places {
    path: OsString,
    /// Folders that hold a folder for each version: how its name begins, and where programs stand in it.
    versioned: Vec<(PathBuf, &'static str, &'static str)>,
}

impl Places {
    fn of_this_machine() -> Self {
        Self {
            path: std::env::var_os("PATH").unwrap_or_default(),
            versioned: vec![
                ("/usr/lib/postgresql".into(), "", "bin"),
                ("/usr".into(), "pgsql-", "bin"),
                ("/usr/local".into(), "pgsql", "bin"),
            ],
        }
    }

    fn first(&self) -> Result<Binaries, PostgresError> {
        let (usable, too_old) = self.search();
        usable.into_iter().next().ok_or_else(|| PostgresError::NotFound {
            looked: std::iter::once(PathBuf::from("PATH"))
                .chain(
                    self.versioned.iter().map(|(folder, begins, below)| folder.join(format!("{begins}*")).join(below)),
                )
                .collect(),
            too_old: too_old.into_iter().map(|found| (found.dir, found.version)).collect(),
        })
    }

    /// Usable ones in order of preference, and those that are too old.
    fn search(&self) -> (Vec<Binaries>, Vec<Binaries>) {
        let mut found: Vec<Binaries> =
            std::env::split_paths(&self.path).filter_map(|dir| Binaries::at(&dir).ok()).collect();
        let mut packaged: Vec<Binaries> = self
            .versioned
            .iter()
            .filter_map(|(folder, begins, below)| Some((std::fs::read_dir(folder).ok()?, begins, below)))
            .flat_map(|(entries, begins, below)| {
                let named = move |entry: &DirEntry| entry.file_name().to_string_lossy().starts_with(begins);
                entries.filter_map(Result::ok).filter(named).map(move |entry| entry.path().join(below))
            })
            .filter_map(|dir| Binaries::at(&dir).ok())
            .collect();
        packaged.sort_by_key(|binaries| std::cmp::Reverse(binaries.version));
        found.extend(packaged);
        found.into_iter().partition(|binaries| binaries.version.major >= OLDEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn pretend(dir: &Path, printed: &str) -> PathBuf {
        std::fs::create_dir_all(dir).expect("writable");
        for name in ["postgres", "initdb"] {
            let program = dir.join(name);
            std::fs::write(&program, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {printed}'\n")).expect("writable");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("ours");
        }
        dir.canonicalize().expect("just made")
    }

    fn places(path: &[&Path], versioned: &Path) -> Places {
        Places {
            path: std::env::join_paths(path).expect("no colons"),
            versioned: vec![(versioned.to_owned(), "", "bin")],
        }
    }

    #[test]
    fn without_postgresql_the_error_says_how_to_install_it() {
        let empty = tempfile::tempdir().expect("a temporary directory");
        let refused = places(&[empty.path()], empty.path()).first().expect_err("there is none");
        assert!(refused.to_string().contains("apt-get install -y postgresql, or set postgres.bin"), "{refused}");
    }

    #[test]
    fn a_version_that_is_too_old_is_named_and_not_used() {
        let root = tempfile::tempdir().expect("a temporary directory");
        pretend(&root.path().join("14/bin"), "14.9 (Debian 14.9-1)");
        let refused = places(&[], root.path()).first().expect_err("14 is too old");
        assert!(refused.to_string().contains("too old: 14.9"), "{refused}");
    }

    #[test]
    fn a_configured_directory_without_the_programs_is_refused_by_name() {
        let empty = tempfile::tempdir().expect("a temporary directory");
        let refused = find_binaries(Some(empty.path())).expect_err("nothing is there");
        assert!(refused.to_string().contains(&empty.path().display().to_string()), "{refused}");
    }

    #[test]
    fn the_newest_packaged_version_is_taken() {
        let root = tempfile::tempdir().expect("a temporary directory");
        pretend(&root.path().join("9/bin"), "9.6.24");
        pretend(&root.path().join("15/bin"), "15.18");
        let newest = pretend(&root.path().join("17/bin"), "17.2 (Debian 17.2-1)");
        let found = places(&[], root.path()).first().expect("two are new enough");
        assert_eq!((found.dir(), found.version()), (newest.as_path(), Version { major: 17, minor: 2 }));
    }

    #[test]
    fn what_stands_on_the_path_comes_first_and_links_are_followed() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let real = pretend(&root.path().join("real"), "16.1");
        pretend(&root.path().join("versioned/17/bin"), "17.0");
        let linked = root.path().join("linked");
        std::fs::create_dir(&linked).expect("writable");
        std::os::unix::fs::symlink(real.join("postgres"), linked.join("postgres")).expect("writable");
        let found = places(&[&linked], &root.path().join("versioned")).first().expect("two are there");
        assert_eq!(found.dir(), real, "initdb stands beside the real program, not beside the link");
    }

    #[test]
    fn development_versions_are_understood() {
        let parsed = Version::parse("postgres (PostgreSQL) 19devel");
        assert_eq!(parsed, Some(Version { major: 19, minor: 0 }));
    }
}
