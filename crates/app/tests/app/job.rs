//! Imports: every row taken or refused with its reason, exactly once, however often the worker dies.

use crate::{customer, denied, entries};
use app::Refusal;
use app::job::{ImportStatus, JobState};
use app::{App, Caller, Error};
use domain::audit::Verb;
use domain::id::JobId;
use domain::import::{RowReader, detect};
use domain::screen::{Action, Actions};
use std::sync::Arc;
use std::time::Duration;
use testkit::running::{READER, Running, SALES};
use tokio::sync::watch;

const UTF8: &[u8] = include_bytes!("../../../domain/tests/domain/sample/customers.csv");
const CP932: &[u8] = include_bytes!("../../../domain/tests/domain/sample/customers-cp932.csv");

/// Hands a file in, in pieces of an awkward size.
async fn handed_in(app: &App, caller: &Caller, bytes: &[u8]) -> JobId {
    let mut upload = app.import_begin(caller, "crm", "customer", "顧客 一覧.csv").await.expect("received");
    for chunk in bytes.chunks(10_007) {
        upload.chunk(chunk).await.expect("taken");
    }
    upload.finish().await.expect("queued")
}

/// A worker, and how it is asked to stop.
fn worker(app: &Arc<App>) -> (tokio::task::JoinHandle<()>, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    (tokio::spawn(app.clone().work(stopped)), stop)
}

async fn worked(running: &Running, caller: &Caller, job: JobId) -> ImportStatus {
    let (task, stop) = worker(&running.app);
    running.app.import_wait(caller, job, Duration::from_secs(30)).await.expect("an answer");
    stop.send_replace(true);
    task.await.expect("no panic");
    running.app.import_status(caller, "crm", "customer", job).await.expect("a status")
}

/// `count` rows, of which every tenth has faults, and one repeats a number.
fn large(count: usize) -> String {
    let mut text = String::from("顧客番号,氏名,生年月日,備考\n");
    for number in 0..count {
        let (key, birthday) = match number % 10 {
            3 => (format!("L{number:05}"), "1990-13-01"),
            7 => ("L00000".to_owned(), "1990-01-01"),
            _ => (format!("L{number:05}"), "1990-01-01"),
        };
        text += &format!("{key},山本 {number},{birthday},\"備考、\n{number}\"\n");
    }
    text
}

async fn is_large(running: &Running, status: &ImportStatus, count: u64) {
    assert_eq!((status.state, status.rows_seen, status.rows_refused), (JobState::Done, count, count / 5));
    assert_eq!(status.rows_taken, count - count / 5);
    let database = &running.database;
    assert_eq!(database.number("SELECT count(*) FROM svc_crm.customer").await, status.rows_taken as i64);
    assert_eq!(
        database.number("SELECT count(DISTINCT f_number) FROM svc_crm.customer").await,
        status.rows_taken as i64
    );
    assert_eq!(entries(running, Verb::RecordCreated).await, status.rows_taken as i64, "an entry a record");
    let parted = "SELECT count(*) FROM svc_crm.customer c FULL JOIN (SELECT record_id FROM struct.entry WHERE verb = 'record.created') e ON e.record_id = c.id
        WHERE c.id IS NULL OR e.record_id IS NULL";
    assert_eq!(database.number(parted).await, 0);
    assert_eq!(
        database.number("SELECT count(DISTINCT row_number) FROM struct.job_refusal").await,
        status.rows_refused as i64
    );
    assert_eq!(database.number("SELECT count(*) FROM struct.job_piece").await, 0, "the file is gone");
    assert_eq!(entries(running, Verb::ImportCompleted).await, 1);
}

#[tokio::test]
async fn who_may_not_import_hands_nothing_in() {
    let running = Running::start().await;
    let reader = running.caller(READER).await;
    assert!(denied(&running.app.import_begin(&reader, "crm", "customer", "x.csv").await.map(drop)));
    assert!(denied(&running.app.import_form(&reader, "crm", "customer").await));
    assert_eq!(running.database.number("SELECT count(*) FROM struct.job").await, 0);
    let sales = running.caller(SALES).await;
    let nothing = running.app.import_status(&sales, "crm", "customer", uuid::Uuid::nil().into()).await;
    assert!(matches!(nothing, Err(Error::NotFound)), "{nothing:?}");
    let job = handed_in(&running.app, &sales, b"x").await;
    let elsewhere = running.app.import_status(&sales, "crm", "deal", job).await;
    assert!(denied(&elsewhere) || matches!(elsewhere, Err(Error::NotFound)), "{elsewhere:?}");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_on_the_way() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let mut upload = running.app.import_begin(&sales, "crm", "customer", "x.csv").await.expect("received");
    let megabyte = vec![b'x'; 1 << 20];
    let mut refused = None;
    for _ in 0..70 {
        if let Err(error) = upload.chunk(&megabyte).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(refused, Some(Error::Refused(Refusal::TooLarge))), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_no_list_of_customers_is_refused_whole_and_says_why() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    for (bytes, said) in [
        (&b""[..], "見出し"),
        (&b"\xff\xfe\x67\x98"[..], "文字"),
        ("顧客番号,氏名,よみ\nC1,山本,x\n".as_bytes(), "よみ"),
        ("顧客番号\nC1\n".as_bytes(), "氏名"),
        ("顧客番号,氏名,Name\nC1,x,y\n".as_bytes(), "Name"),
    ] {
        let job = handed_in(&running.app, &sales, bytes).await;
        let status = worked(&running, &sales, job).await;
        let failure = status.failure.clone().unwrap_or_default();
        assert!(status.state == JobState::Failed && failure.contains(said), "{said}: {status:?}");
    }
    assert_eq!(running.database.number("SELECT count(*) FROM svc_crm.customer").await, 0);
    assert_eq!(entries(&running, Verb::ImportFailed).await, 5);
    assert_eq!(running.database.number("SELECT count(*) FROM struct.job_piece").await, 0, "their files are gone");
    assert_eq!(running.app.imports(&sales, "crm", "customer").await.expect("a list").len(), 5);
}

#[tokio::test]
async fn the_first_line_of_a_file_without_headings_is_told_but_kept_sealed() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let job = handed_in(&running.app, &sales, "C1,山本 秘密,himitsu@example.jp\n".as_bytes()).await;
    let status = worked(&running, &sales, job).await;
    assert!(status.failure.is_some_and(|failure| failure.contains("山本 秘密")), "the person is told");
    let kept = "SELECT count(*) FROM struct.job WHERE failure IS NOT NULL AND failure !~ '山本|himitsu'";
    assert_eq!(running.database.number(kept).await, 1, "the database is not");
}

#[tokio::test]
async fn both_sample_files_go_in_row_by_row_and_the_same_ones_twice_are_refused_row_by_row() {
    let crm = testkit::database::shipped().remove(0);
    let entity = crm.entity("customer").expect("it is there");
    for bytes in [UTF8, CP932] {
        let running = Running::start().await;
        let sales = running.caller(SALES).await;
        let job = handed_in(&running.app, &sales, bytes).await;
        let status = worked(&running, &sales, job).await;
        let rows: Vec<_> = RowReader::new(bytes, detect(bytes).expect("an encoding"), entity)
            .expect("a header")
            .collect::<Result<_, _>>()
            .expect("rows");
        assert_eq!(
            (status.state, status.rows_seen, status.rows_taken, status.file_name.as_str()),
            (JobState::Done, 200, 200, "顧客 一覧.csv"),
            "{:?}",
            status.refused
        );
        let extraction = running
            .app
            .extract(&sales, "crm", "customer", app::extraction::Format::Ndjson, Default::default())
            .await
            .expect("an extraction");
        let chunks: Vec<Vec<u8>> = futures_util::TryStreamExt::try_collect(extraction.stream).await.expect("all of it");
        let mut found: Vec<serde_json::Value> = chunks
            .concat()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("JSON"))
            .collect();
        found.sort_by_key(|line| line["number"].as_str().unwrap_or_default().to_owned());
        let mut put: Vec<_> = rows.into_iter().map(|row| row.values.expect("it is taken")).collect();
        put.sort_by_key(|values| values["number"].clone());
        for (found, put) in found.iter().zip(&put) {
            for (field, value) in put.iter().filter(|(field, _)| *field != "annual_amount") {
                assert_eq!(found[field].as_str(), Some(value.as_str()), "{field}");
            }
        }
        let again = handed_in(&running.app, &sales, bytes).await;
        let status = worked(&running, &sales, again).await;
        assert_eq!((status.state, status.rows_taken, status.rows_refused), (JobState::Done, 0, 200));
        assert_eq!((status.refused[0].row, status.refused[0].column.as_str()), (1, "顧客番号"));
        assert!(status.refused.len() == 200 && !status.refused_more && !status.refused[0].reason.is_empty());
    }
}

#[tokio::test]
async fn a_refused_row_is_told_with_row_column_and_reason_and_the_others_are_taken() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    customer(&running.app, &sales, "C2", "前 から").await;
    let text = "顧客番号,氏名,生年月日,ランク\nC1,山本 一,2026-02-30,Z\nC2,山本 二,,\nC3,山本 三,,\nC3,山本 四,,\nC4\nC5,,,\nC6,山本 六,1990-01-01,A\n";
    let job = handed_in(&running.app, &sales, text.as_bytes()).await;
    let status = worked(&running, &sales, job).await;
    assert_eq!((status.state, status.rows_seen, status.rows_taken, status.rows_refused), (JobState::Done, 7, 2, 5));
    let told: Vec<(u64, &str)> = status.refused.iter().map(|row| (row.row, row.column.as_str())).collect();
    assert_eq!(told, [(1, "生年月日"), (1, "ランク"), (2, "顧客番号"), (4, "顧客番号"), (5, ""), (6, "氏名")]);
    assert!(status.refused.iter().all(|row| !row.reason.is_empty()));
}

#[tokio::test]
async fn a_worker_that_stops_or_dies_at_every_batch_leaves_the_same_result_as_one_that_lives() {
    for kind in ["asked to stop", "killed"] {
        let running = Running::start().await;
        let sales = running.caller(SALES).await;
        let job = handed_in(&running.app, &sales, large(2_000).as_bytes()).await;
        let (mut deaths, root) = (0, running.database.root().await);
        for _ in 0..40 {
            let before = progress(&running).await;
            let app = running.second_server();
            let (task, stop) = worker(&app);
            for _ in 0..2_000 {
                let now = "SELECT max(progress) FROM struct.job";
                if root.query_one(now, &[]).await.expect("a number").get::<_, i64>(0) != before {
                    break;
                }
            }
            if kind == "killed" {
                task.abort();
                let _ = task.await;
            } else {
                stop.send_replace(true);
                task.await.expect("no panic");
            }
            if ended(&running).await {
                break;
            }
            deaths += 1;
            app.release_jobs().await.expect("leases are given back");
        }
        assert!(deaths >= 2, "{kind}: it met batches, {deaths}");
        let status = running.app.import_status(&sales, "crm", "customer", job).await.expect("a status");
        is_large(&running, &status, 2_000).await;
    }
}

async fn progress(running: &Running) -> i64 {
    running.database.number("SELECT max(progress) FROM struct.job").await
}

async fn ended(running: &Running) -> bool {
    running.database.number("SELECT count(*) FROM struct.job WHERE finished_at IS NULL").await == 0
}

#[tokio::test]
async fn two_workers_at_once_take_every_row_once() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let job = handed_in(&running.app, &sales, large(1_000).as_bytes()).await;
    let (one, two) = (running.second_server(), running.second_server());
    let (workers, stops): (Vec<_>, Vec<_>) = [worker(&one), worker(&two)].into_iter().unzip();
    // Both believe the job is theirs: leases are taken away under their hands.
    for _ in 0..20 {
        one.release_jobs().await.expect("leases are given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.app.import_wait(&sales, job, Duration::from_secs(30)).await.expect("an answer");
    for stop in &stops {
        stop.send_replace(true);
    }
    for worker in workers {
        worker.await.expect("no panic");
    }
    let status = running.app.import_status(&sales, "crm", "customer", job).await.expect("a status");
    is_large(&running, &status, 1_000).await;
}

#[tokio::test]
async fn an_import_whose_right_is_taken_away_on_the_way_stops_there_and_keeps_what_it_took() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let job = handed_in(&running.app, &sales, large(1_000).as_bytes()).await;
    let app = running.second_server();
    let (task, _stop) = worker(&app);
    while progress(&running).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    task.abort();
    let _ = task.await;
    crate::access::grant(&running, running.sales, "customer_import", Actions::default()).await;
    app.release_jobs().await.expect("leases are given back");
    // The same server: its memory still holds the old rights.
    let (task, stop) = worker(&app);
    running.app.import_wait(&sales, job, Duration::from_secs(30)).await.expect("an answer");
    stop.send_replace(true);
    task.await.expect("no panic");
    assert!(denied(&running.app.import_status(&sales, "crm", "customer", job).await));
    crate::access::grant(&running, running.sales, "customer_import", Actions::default().with(Action::Create)).await;
    let status = running.app.import_status(&sales, "crm", "customer", job).await.expect("a status");
    assert!(
        status.state == JobState::Failed && status.failure.as_ref().is_some_and(|failure| failure.contains("権限")),
        "{:?} {:?} {}",
        status.state,
        status.failure,
        status.rows_seen
    );
    assert!(status.rows_taken > 0 && status.rows_seen < 1_000);
    assert_eq!(running.database.number("SELECT count(*) FROM svc_crm.customer").await, status.rows_taken as i64);
    assert_eq!(entries(&running, Verb::ImportFailed).await, 1);
}

#[tokio::test]
async fn rights_changed_on_the_way_without_taking_the_right_do_not_make_an_import_wait_for_its_own_lease() {
    let running = Running::start().await;
    let counted = "CREATE TABLE public.claim (n int);
        CREATE FUNCTION public.claimed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN INSERT INTO public.claim VALUES (1); RETURN NEW; END $$;
        CREATE TRIGGER claimed AFTER UPDATE ON struct.job FOR EACH ROW WHEN (NEW.attempts > OLD.attempts)
            EXECUTE FUNCTION public.claimed()";
    running.database.root().await.batch_execute(counted).await.expect("a trigger");
    let sales = running.caller(SALES).await;
    let job = handed_in(&running.app, &sales, large(1_000).as_bytes()).await;
    let (task, stop) = worker(&running.app);
    let second = running.second_server();
    let admin = running.caller(testkit::running::ADMIN).await;
    while progress(&running).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    second.create_role(&admin, "別の役").await.expect("a role");
    running.app.import_wait(&sales, job, Duration::from_secs(30)).await.expect("an answer");
    stop.send_replace(true);
    task.await.expect("no panic");
    let status = running.app.import_status(&sales, "crm", "customer", job).await.expect("a status");
    is_large(&running, &status, 1_000).await;
    assert_eq!(running.database.number("SELECT count(*) FROM public.claim").await, 1, "it was claimed once");
}

#[tokio::test]
async fn an_import_is_a_few_lines_of_ones_own_trail_and_every_record_of_it_stands_in_the_log() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    customer(&running.app, &sales, "A1", "山本 健").await;
    let job = handed_in(&running.app, &sales, large(300).as_bytes()).await;
    let status = worked(&running, &sales, job).await;
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    let count = |verb| trail.entries.iter().filter(|entry| entry.verb == verb).count();
    assert_eq!((count(Verb::ImportStarted), count(Verb::ImportCompleted)), (1, 1));
    assert_eq!(count(Verb::RecordCreated), 1, "only the one made by hand");
    assert_eq!(entries(&running, Verb::RecordCreated).await, status.rows_taken as i64 + 1);
}
