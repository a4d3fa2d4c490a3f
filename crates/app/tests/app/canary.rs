//! Canaries: what is planted in personal fields is found nowhere in what PostgreSQL writes, in no form.

use crate::typed;
use app::record::Mode;
use app::user::MemberChange;
use domain::service::{Field, FieldKind};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use testkit::database::{Database, ROOT, shipped};
use testkit::running::{ADMIN, Running, SALES, token};
use testkit::server::PrivateServer;

/// Everything planted, to be looked for.
#[derive(Default)]
struct Planted(Vec<String>);

impl Planted {
    /// A text that stands nowhere else.
    fn text(&mut self, about: &str) -> String {
        let text = format!("canary{}{:03}{}", about.replace('_', ""), self.0.len(), "カナリア鳥");
        self.0.push(text.clone());
        text
    }

    fn value(&mut self, field: &Field) -> Option<String> {
        let number = self.0.len();
        let value = match &field.kind {
            FieldKind::Text | FieldKind::LongText => return Some(self.text(&field.name)),
            FieldKind::Email => format!("canary.mail.{number:03}@secret.example.jp"),
            FieldKind::Phone => format!("090-7351-{:04}", 4_000 + number),
            FieldKind::PostalCode => format!("973-8{number:03}"),
            // Ten characters stand in too many places.
            FieldKind::Date => return Some("1973-08-09".to_owned()),
            _ => return None,
        };
        self.0.push(value.clone());
        Some(value)
    }

    /// The forms in which a text might have been written: as it is, in hex, in base64 at each of three offsets.
    fn forms(&self) -> Vec<(String, Vec<u8>)> {
        let mut forms = Vec::new();
        for text in &self.0 {
            // The reading normalised for the index must not stand there either.
            for form in [text.clone(), seal::normalise::text(text), seal::normalise::number(text)] {
                if form.len() < 7 {
                    continue;
                }
                let bytes = form.as_bytes();
                forms.push((text.clone(), bytes.to_vec()));
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                forms.push((text.clone(), hex.clone().into_bytes()));
                forms.push((text.clone(), hex.to_uppercase().into_bytes()));
                for skipped in 0..3 {
                    // Whole groups of three bytes encode alike wherever they begin.
                    let groups = &bytes[skipped..skipped + (bytes.len() - skipped) / 3 * 3];
                    forms.push((text.clone(), base64(groups)));
                }
            }
        }
        // Shorter ones stand by chance in megabytes of sealed bytes.
        forms.retain(|(_, form)| form.len() >= 7);
        forms
    }
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3).flat_map(|group| {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize])
    });
    groups.collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable").flatten() {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// Looks for many patterns at once: only where their first eight bytes match.
struct Search(HashMap<[u8; 7], Vec<(String, Vec<u8>)>>);

impl Search {
    fn new(forms: Vec<(String, Vec<u8>)>) -> Self {
        let mut heads: HashMap<[u8; 7], Vec<(String, Vec<u8>)>> = HashMap::new();
        for (text, form) in forms {
            heads.entry(form[..7].try_into().expect("seven bytes")).or_default().push((text, form));
        }
        Self(heads)
    }

    fn found(&self, bytes: &[u8]) -> Option<&str> {
        let mut firsts = [false; 256];
        self.0.keys().for_each(|head| firsts[usize::from(head[0])] = true);
        for (place, window) in bytes.windows(7).enumerate() {
            if !firsts[usize::from(window[0])] {
                continue;
            }
            let known = self.0.get(window);
            let hit = known.and_then(|forms| forms.iter().find(|(_, form)| bytes[place..].starts_with(form)));
            if let Some((text, _)) = hit {
                return Some(text);
            }
        }
        None
    }
}

async fn plant(running: &Running, planted: &mut Planted) {
    let sales = running.caller(SALES).await;
    let mut made: HashMap<String, String> = HashMap::new();
    for service in shipped() {
        for entity in &service.entities {
            let mut pairs = Vec::new();
            for field in &entity.fields {
                let value = match &field.kind {
                    _ if field.personal => planted.value(field),
                    FieldKind::Reference { entity } => Some(made[entity].clone()),
                    FieldKind::Choice { options } => Some(options[0].value.clone()),
                    FieldKind::Date => Some("2026-11-22".to_owned()),
                    FieldKind::Datetime => Some("2026-11-22T09:05:00Z".to_owned()),
                    FieldKind::Money | FieldKind::Number { .. } => Some("7".to_owned()),
                    FieldKind::Boolean => Some("true".to_owned()),
                    // Sealed all the same when nothing indexes it in the clear.
                    _ if !field.is_plain() => Some(planted.text(&field.name)),
                    _ => Some("K1".to_owned()),
                };
                pairs.extend(value.map(|value| (field.name.clone(), value)));
            }
            let id = running
                .app
                .record_create(&sales, &service.name, &entity.name, pairs.clone())
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", entity.name));
            made.insert(entity.name.clone(), id.to_string());
            // A change, a reveal, a search: each leaves traces of its own.
            if let Some(field) = entity.fields.iter().find(|field| field.personal && field.kind == FieldKind::Text) {
                let name = planted.text(&field.name);
                running
                    .app
                    .record_update(
                        &sales,
                        (&service.name, &entity.name),
                        id,
                        1,
                        typed(&[(&field.name, &name)]),
                        Mode::Named,
                    )
                    .await
                    .expect("changed");
                if field.index.is_some() {
                    let query = crate::one(&field.name, domain::record::Test::Contains, &name);
                    let page = running
                        .app
                        .record_list(&sales, &service.name, &entity.name, query, true)
                        .await
                        .expect("a list");
                    assert_eq!(page.records.len(), 1);
                }
            }
            running.app.record_reveal(&sales, &service.name, &entity.name, id).await.expect("revealed");
        }
    }
}

async fn import(running: &Running, planted: &mut Planted) {
    let sales = running.caller(SALES).await;
    let file_name = format!("{}.csv", planted.text("file"));
    let mut text = String::from("顧客番号,氏名,生年月日\n");
    for number in 0..30 {
        // Some rows are refused: their values must not stand in the report.
        let birthday = if number % 3 == 0 { planted.text("birthday") } else { String::new() };
        text += &format!("K9{number},{},{birthday}\n", planted.text("name"));
    }
    let mut upload = running.app.import_begin(&sales, "crm", "customer", &file_name).await.expect("received");
    upload.chunk(text.as_bytes()).await.expect("taken");
    let job = upload.finish().await.expect("queued");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(running.app.clone().work(stopped));
    running.app.import_wait(&sales, job, Duration::from_secs(30)).await.expect("an answer");
    stop.send_replace(true);
    worker.await.expect("no panic");
    let status = running.app.import_status(&sales, "crm", "customer", job).await.expect("a status");
    assert_eq!((status.rows_taken, status.rows_refused), (20, 10));
    // One more file that nobody works on: its pieces stay where they are.
    let mut upload = running.app.import_begin(&sales, "crm", "customer", &file_name).await.expect("received");
    upload.chunk(text.as_bytes()).await.expect("taken");
    upload.finish().await.expect("queued");
}

#[tokio::test]
async fn nothing_personal_is_found_in_data_files_write_ahead_log_server_log_or_dump() {
    let server = PrivateServer::new().await;
    let running = Running::on(Database::on(&server).await).await;
    let mut planted = Planted::default();
    plant(&running, &mut planted).await;
    import(&running, &mut planted).await;
    let admin = running.caller(ADMIN).await;
    let (email, name) = (format!("canary.user@{}.example.jp", "hidden"), planted.text("user"));
    planted.0.push(email.clone());
    running.app.invite(&admin, &email, &name, MemberChange::default()).await.expect("invited");
    let link = token(&running.link(&email).expect("a mail")).to_owned();
    let password = "canary password 31 of nobody";
    planted.0.push(password.to_owned());
    planted.0.push(link.split_once('.').expect("two parts").1.to_owned());
    running.app.accept_invitation(&running.peer(), &link, password).await.expect("joined");
    let session = running.app.sign_in(&running.peer(), &email, password).await.expect("signed in").token;
    planted.0.push(session.split_once('.').expect("two parts").1.to_owned());
    planted.0.extend([ADMIN, SALES, "管理 太郎", "営業 一郎", "192.0.2.17", "Testkit/1.0"].map(str::to_owned));
    // A fault in the middle, so that the server's own log has something to say.
    let taken = running
        .app
        .record_create(
            &running.caller(SALES).await,
            "crm",
            "customer",
            typed(&[("number", "K1"), ("name", &planted.text("taken"))]),
        )
        .await;
    assert!(taken.is_err());
    // A marker in the clear: what finds nothing must at least find this.
    let marker = "marker7in7the7clear";
    let root = running.database.root().await;
    // Renaming a role without an entry is refused even to a superuser, unless triggers are off.
    let mark = format!("UPDATE struct.role SET name = '{marker}' WHERE name = '閲覧'");
    root.batch_execute("SET session_replication_role = replica").await.expect("triggers off");
    root.batch_execute(&mark).await.expect("marked");
    root.batch_execute("CHECKPOINT").await.expect("a checkpoint");
    let dump = server.folder().join("pg/run/dump.sql");
    let output = Command::new(server.cluster.binaries().dir().join("pg_dump"))
        .args(["-U", ROOT, "-d", "struct", "-h"])
        .arg(server.cluster.socket_dir())
        .output()
        .expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(&dump, &output.stdout).expect("writable");
    let search = Search::new(planted.forms());
    let marked = Search::new(vec![(marker.to_owned(), marker.as_bytes().to_vec())]);
    let mut all = Vec::new();
    files(server.folder(), &mut all);
    let (mut marks, mut wal) = (0, false);
    for path in &all {
        let bytes = std::fs::read(path).unwrap_or_default();
        assert_eq!(search.found(&bytes), None, "in {}", path.display());
        if marked.found(&bytes).is_some() {
            marks += 1;
            wal |= path.to_string_lossy().contains("pg_wal");
        }
    }
    assert!(marks >= 3 && wal, "the marker is found in table, log and dump: {marks}");
    assert!(planted.0.len() > 60, "{}", planted.0.len());
}
