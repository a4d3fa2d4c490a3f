//! Backups into S3 and Azure Blob Storage, as far as emulators go. Started by `script/backup-emulators`, which starts those too.

use crate::backup::{Place, ask};
use host::backup::{Azure, BackupError, Fault, Kind, Location, S3, Target, region};
use host::secret::Secret;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by script/backup-emulators"))
}

fn s3() -> S3 {
    S3 {
        bucket: "copies".to_owned(),
        prefix: "struct".to_owned(),
        endpoint: variable("STRUCT_EMULATED_S3"),
        region: "ap-northeast-1".to_owned(),
        ca_file: Some(variable("STRUCT_EMULATED_CA").into()),
        key_id: Secret::new("id"),
        key: Secret::new("canary-key"),
    }
}

fn azure() -> Azure {
    Azure {
        account: Secret::new("devstoreaccount1"),
        container: "copies".to_owned(),
        prefix: "struct".to_owned(),
        endpoint: Some(variable("STRUCT_EMULATED_AZURE")),
        ca_file: Some(variable("STRUCT_EMULATED_CA").into()),
        key: Secret::new(&variable("STRUCT_EMULATED_AZURE_KEY")),
    }
}

/// Everything that is done with a repository, with one that is elsewhere.
async fn all_of_it(location: Location) {
    let place = Place::at(Some(location)).await;
    let repository = &place.repository;
    repository.check().await.expect("a segment gets through");
    ask(&place.cluster, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let full = repository.backup(Kind::Full, |_| {}).await.expect("made").backup;
    ask(&place.cluster, "SELECT pg_sleep(1)");
    let second = place.write(2).await;
    place.write(3).await;
    let differential = repository.backup(Kind::Differential, |_| {}).await.expect("made").backup;
    assert_eq!(differential.prior.as_deref(), Some(full.label.as_str()));

    let newest = repository.newest_wal().await.expect("listed").expect("there are segments");
    assert!(newest.at >= full.ended, "{newest:?}");
    assert_eq!(repository.gaps().await.expect("listed"), []);
    let whole = repository.verify().await.expect("read");
    assert_eq!(whole.faults, Vec::<Fault>::new());
    let range = repository.restorable().await.expect("told").expect("there are backups");
    assert!(range.latest.is_some_and(|latest| latest >= second), "{range:?}");
    assert_eq!(place.rows_of(Target::Time(second), "at-second").await, "1 2");
    assert_eq!(place.rows_of(Target::Latest, "all").await, "1 2 3");
    place.stop().await;
}

async fn refused(location: Location) -> BackupError {
    let place = Place::without_stanza(Some(location)).await;
    let refused = place.repository.stanza_create().await.expect_err("it can't be used");
    place.stop().await;
    refused
}

#[tokio::test]
#[ignore = "needs emulators: script/backup-emulators"]
async fn a_bucket_of_s3_keeps_backups_and_tells_its_region() {
    let untrusted = refused(Location::S3(S3 { ca_file: None, prefix: "other".to_owned(), ..s3() })).await;
    assert!(matches!(&untrusted, BackupError::Unreachable { said, .. } if said.contains("certificate")), "{untrusted}");
    let missing = refused(Location::S3(S3 { bucket: "nobody".to_owned(), ..s3() })).await;
    assert!(matches!(&missing, BackupError::Unreachable { said, .. } if said.contains("NoSuchBucket")), "{missing}");
    assert_eq!(region::of_bucket(&s3()).await.expect("it answers").as_deref(), Some("ap-northeast-1"));
    all_of_it(Location::S3(s3())).await;
}

#[tokio::test]
#[ignore = "needs emulators: script/backup-emulators"]
async fn a_container_of_azure_keeps_backups_and_opens_to_its_key_only() {
    let denied = refused(Location::Azure(Azure { key: Secret::new("Y2FuYXJ5"), ..azure() })).await;
    assert!(matches!(&denied, BackupError::Unreachable { said, .. } if said.contains("403")), "{denied}");
    let missing = refused(Location::Azure(Azure { container: "nobody".to_owned(), ..azure() })).await;
    assert!(matches!(&missing, BackupError::Unreachable { said, .. } if said.contains("404")), "{missing}");
    all_of_it(Location::Azure(azure())).await;
}
