//! Packages that are damaged, incomplete or made to harm: each is refused with a sentence, and none with a crash.

use crate::made::{Log, Package, Place, SEED, check, codes, vkey};
use std::io::Write;

fn findings(package: &Package) -> (u8, Vec<String>) {
    let place = Place::new();
    let key = vkey();
    let from_folder = check(&["log", &place.folder("log", package), "--key", &key]);
    let from_zip = check(&["log", &place.zip("log.zip", package), "--key", &key]);
    assert_eq!(codes(&from_folder.1, "findings"), codes(&from_zip.1, "findings"));
    (from_zip.0, codes(&from_zip.1, "findings"))
}

fn found(code: &str) -> (u8, Vec<String>) {
    (1, vec![code.to_owned()])
}

#[test]
fn what_is_no_package_cannot_be_checked() {
    let place = Place::new();
    let missing = place.at("gone").display().to_string();
    for path in [missing, place.file("text", "x"), place.file("empty", ""), place.folder("bare", &Package::default())] {
        let (code, json) = check(&["log", &path, "--key", &vkey()]);
        assert_eq!(code, 2, "{json:#}");
        assert_eq!(json["verdict"], "unchecked");
    }
    let path = place.zip("log.zip", &Log::of(300).package());
    let whole = std::fs::read(&path).unwrap();
    let cut = place.file("cut.zip", &whole[..whole.len() / 2]);
    assert_eq!(check(&["log", &cut, "--key", &vkey()]).0, 2);
    let mut package = Log::of(3).package();
    package.put("checkpoint", "not a note");
    assert_eq!(check(&["log", &place.folder("log", &package), "--key", &vkey()]).1["code"], "checkpoint_malformed");
}

#[test]
fn without_any_key_nothing_is_checked() {
    let place = Place::new();
    let mut package = Log::of(3).package();
    package.0.remove("keys");
    let path = place.folder("log", &package);
    assert_eq!(check(&["log", &path]).1["code"], "no_key");
    assert_eq!(check(&["log", &path, "--key", &vkey()]).0, 0);
    assert_eq!(check(&["log", &path, "--key", "x"]).1["code"], "key_malformed");
    assert_eq!(check(&["log", &path, "--key-file", &place.file("keys", "# none\n")]).1["code"], "no_key");
    assert_eq!(check(&["log", &path, "--key-file", &place.file("good", format!("# ours\n{}\n", vkey()))]).0, 0);
}

#[test]
fn a_gap_is_told_with_the_entries_it_swallows() {
    let log = Log::of(700);
    let mut package = log.package();
    package.0.remove("tile/entries/001");
    assert_eq!(findings(&package), found("entries_missing"));
    let place = Place::new();
    let (_, json) = check(&["log", &place.folder("log", &package), "--key", &vkey()]);
    assert_eq!(
        (json["findings"][0]["position"].as_u64(), json["findings"][0]["until"].as_u64()),
        (Some(256), Some(512))
    );
    assert_eq!(json["findings"][0]["file"], "tile/entries/001");
}

#[test]
fn bundles_that_are_cut_or_too_long_are_told() {
    let log = Log::of(700);
    for (name, bytes, code) in [
        ("tile/entries/001", vec![], "bundle_malformed"),
        ("tile/entries/001", vec![0], "bundle_malformed"),
        ("tile/entries/001", vec![0, 5, 1], "bundle_malformed"),
        ("tile/entries/001", vec![0, 0], "bundle_length"),
        ("tile/entries/001", vec![0; 514], "bundle_malformed"),
        ("tile/entries/001", vec![0; 16_777_473], "file_damaged"),
        ("checkpoints", b"no note\n--\n".to_vec(), "checkpoint_untrusted"),
        ("checkpoints", vec![b'x'; 2_000_000], "file_damaged"),
        ("checkpoints", vec![0xff], "file_damaged"),
        ("keys", b"no key\n".to_vec(), "keys_malformed"),
    ] {
        let mut package = log.package();
        package.0.insert(name.to_owned(), bytes);
        let (exit, told) = findings(&package);
        assert_eq!(exit, 1);
        assert!(told.contains(&code.to_owned()), "{name}: {told:?}");
    }
}

#[test]
fn a_list_of_checkpoints_that_is_gone_cut_or_shuffled_is_told() {
    let log = Log::of(700);
    let mut package = log.package();
    package.0.remove("checkpoints");
    assert_eq!(findings(&package), found("checkpoints_missing"));
    let list = |sizes: &[usize]| sizes.iter().map(|size| format!("{}--\n", log.note(*size, SEED))).collect::<String>();
    package.put("checkpoints", list(&[233, 350]));
    assert_eq!(findings(&package), found("newest_not_listed"));
    package.put("checkpoints", list(&[350, 233, 700]));
    assert_eq!(findings(&package), found("checkpoint_out_of_order"));
    package.put("checkpoints", "");
    assert_eq!(findings(&package), found("newest_not_listed"));
    package.put("checkpoints", list(&[700]).trim_end_matches("--\n"));
    assert_eq!(findings(&package), (1, vec!["file_damaged".to_owned(), "newest_not_listed".to_owned()]));
    // A larger one was published, so the tail is gone.
    let longer = Log::of(800);
    package.put("checkpoints", format!("{}{}--\n", list(&[700]), longer.note(800, SEED)));
    assert_eq!(findings(&package), (1, vec!["tail_cut".to_owned(), "newest_not_listed".to_owned()]));
}

#[test]
fn files_that_do_not_belong_to_the_log_are_told() {
    let log = Log::of(300);
    for name in ["tile/entries/001", "tile/entries/002", "tile/entries/000.p/9", "tile/0/005", "tile/entries/001.p/45"]
    {
        let mut package = log.package();
        package.put(name, "x");
        assert_eq!(findings(&package), found("unexpected_file"), "{name}");
    }
    let mut package = log.package();
    for nth in 0..9 {
        package.put(&format!("note{nth}.txt"), "mine");
    }
    let place = Place::new();
    let (code, json) = check(&["log", &place.folder("log", &package), "--key", &vkey()]);
    assert_eq!((code, codes(&json, "notes").len()), (0, 6));
}

#[test]
fn two_files_of_one_name_in_a_zip_are_told() {
    let place = Place::new();
    let mut package = Log::of(300).package();
    // Written under a name of the same length, and renamed in the bytes.
    package.put("checkpoinu", "x");
    let bytes = std::fs::read(place.zip("log.zip", &package)).unwrap();
    let path = place.file("renamed.zip", replaced(&bytes, b"checkpoinu", b"checkpoint"));
    let (code, json) = check(&["log", &path, "--key", &vkey()]);
    assert_ne!(code, 0);
    // Which of the two is read is for the reader to choose, so either is refused.
    assert!(json["code"] == "checkpoint_malformed" || codes(&json, "findings").contains(&"two_of_a_name".to_owned()));
    // With the same bytes under both names there is nothing else to notice.
    package.0.insert("checkpoinu".to_owned(), package.0["checkpoint"].clone());
    let bytes = std::fs::read(place.zip("twice.zip", &package)).unwrap();
    let path = place.file("renamed.zip", replaced(&bytes, b"checkpoinu", b"checkpoint"));
    let (code, json) = check(&["log", &path, "--key", &vkey()]);
    assert_eq!((code, codes(&json, "findings")), found("two_of_a_name"));
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            replaced[at..at + to.len()].copy_from_slice(to);
        }
    }
    replaced
}

#[test]
fn a_member_that_inflates_without_end_is_stopped_at_its_bound() {
    let place = Place::new();
    let path = place.at("bomb.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in &Log::of(300).package().0 {
        zip.start_file(name.as_str(), options).unwrap();
        if name == "tile/entries/000" {
            (0..64).for_each(|_| zip.write_all(&vec![0; 1024 * 1024]).unwrap());
        } else {
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap();
    let (code, json) = check(&["log", &path.display().to_string(), "--key", &vkey()]);
    assert_eq!((code, codes(&json, "findings")), found("file_damaged"));
}

#[test]
fn a_zip_with_any_byte_changed_is_never_proven_wrongly_and_never_crashes() {
    let place = Place::new();
    let log = Log::of(20);
    let whole = std::fs::read(place.zip("log.zip", &log.package())).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        let path = place.file("changed.zip", bytes);
        let (code, json) = check(&["log", &path, "--key", &vkey(), "--threads", "1"]);
        // Times, attributes and the text for people may be anything; what is proven is still the same log.
        if code == 0 {
            assert_eq!(json["facts"]["root"], log.checkpoint(20).root.hex());
            assert_eq!(json["facts"]["reached"], 20);
        }
    }
}
