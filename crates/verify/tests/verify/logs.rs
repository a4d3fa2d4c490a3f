//! Whole logs that are as they should be, of every awkward size, and what is and is not said of them.

use crate::made::{
    Log, OTHER_SEED, PLATFORM_SEED, Place, SEED, check, codes, cosigned, leaf, origin, pruned, say, signer, vkey,
};
use ledger::checkpoint::Checkpoint;
use ledger::note::Cosigner;
use verify::language::Language;

#[test]
fn a_key_of_another_log_or_of_nobody_proves_nothing() {
    let place = Place::new();
    let path = place.folder("log", &Log::of(300).package());
    let stranger = signer(OTHER_SEED).vkey().to_string();
    let (code, json) = check(&["log", &path, "--key", &stranger]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["newest_untrusted".to_owned()]));
    let other = ledger::note::Signer::from_seed("other.example/log/x", &SEED).unwrap().vkey().to_string();
    let (code, json) = check(&["log", &path, "--key", &other]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["other_log".to_owned()]));
    let witness = Cosigner::from_seed("witness.example", &SEED).unwrap().vkey().to_string();
    assert_eq!(check(&["log", &path, "--key", &witness]).1["code"], "key_of_other_kind");
}

#[test]
fn a_sound_log_of_any_size_is_proven_from_folder_and_zip() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 1000] {
        let place = Place::new();
        let package = Log::of(size).package();
        for path in [place.folder("log", &package), place.zip("log.zip", &package)] {
            let (code, json) = check(&["log", &path, "--key", &vkey()]);
            assert_eq!(code, 0, "{size}: {json:#}");
            assert_eq!(json["code"], "log_proven");
            assert_eq!(json["facts"]["reached"], size);
        }
    }
}

#[test]
fn a_log_of_seventy_thousand_entries_is_proven_with_any_number_of_threads() {
    let place = Place::new();
    let path = place.zip("log.zip", &Log::of(70_000).package());
    for threads in ["1", "2", "5"] {
        let (code, json) = check(&["log", &path, "--key", &vkey(), "--threads", threads]);
        assert_eq!(code, 0, "{json:#}");
        assert_eq!(json["facts"]["checkpoints"], 5);
    }
}

#[test]
fn entries_that_no_entry_of_the_log_says_were_removed_are_missed() {
    let wrong_bound = |nth, below: u64| {
        let leaf = ledger::Leaf::decode(&pruned(nth, Some(256))).unwrap();
        ledger::Leaf { pruned_below: Some(below), ..leaf }.encode()
    };
    let of_another = |nth, below| {
        let leaf = ledger::Leaf::decode(&pruned(nth, Some(below))).unwrap();
        ledger::Leaf { tenant: crate::made::uuid(9, 9), ..leaf }.encode()
    };
    for (gone, said, told) in [
        (vec![0], vec![], vec!["removed_undeclared"]),
        (vec![0], vec![(1400, pruned(1400, None))], vec!["removed_undeclared"]),
        (vec![0, 1], vec![(1400, pruned(1400, Some(256)))], vec!["removed_undeclared"]),
        (vec![4], vec![(1400, pruned(1400, Some(1024)))], vec!["removed_undeclared"]),
        // The bundle that says so is itself gone, or is before what it speaks of, or is the last, which is not full.
        (vec![0, 1], vec![(300, pruned(300, Some(256)))], vec!["removed_undeclared"]),
        (vec![1], vec![(3, pruned(3, Some(512)))], vec!["removed_undeclared"]),
        (vec![5], vec![(1400, pruned(1400, Some(1280)))], vec!["removed_undeclared"]),
        (vec![0], vec![(1400, wrong_bound(1400, 255))], vec!["entry_malformed", "removed_undeclared"]),
        (vec![0], vec![(1400, of_another(1400, 512))], vec!["other_tenant", "removed_undeclared"]),
    ] {
        let mut log = Log::of(1500);
        log.pruned = gone.clone().into_iter().collect();
        said.iter().for_each(|(nth, leaf)| log.leaves[*nth] = leaf.clone());
        let place = Place::new();
        let package = place.zip("log.zip", &log.package());
        let earlier = place.file("earlier", log.note(1500, SEED));
        let (code, json) = check(&["log", &package, "--key", &vkey(), "--earlier", &earlier]);
        assert_eq!((code, codes(&json, "findings")), (1, told.into_iter().map(str::to_owned).collect()), "{gone:?}");
    }
}

#[test]
fn what_is_missing_is_said_in_both_languages_with_its_place() {
    let mut log = Log::of(1500);
    log.pruned = [0, 1, 2].into();
    log.leaves[1400] = pruned(1400, Some(256));
    let place = Place::new();
    let package = place.zip("log.zip", &log.package());
    let finding = &check(&["log", &package, "--key", &vkey()]).1["findings"][0];
    assert_eq!((&finding["position"], &finding["until"]), (&256.into(), &768.into()), "{finding}");
    for (language, words) in [
        (Language::En, "From 256 to 767 there are entries of which only hashes are left"),
        (Language::En, "say so only of those before 256"),
        (Language::Ja, "削除を認めているのは、番号 256 より前だけです"),
    ] {
        let (code, text) = say(&["log", &package, "--key", &vkey()], language);
        assert!(code == 1 && text.contains(words), "{text}");
    }
}

#[test]
fn a_pruned_log_is_proven_and_says_what_is_gone() {
    let mut log = Log::of(1500);
    log.pruned = [0, 1, 3].into();
    log.leaves[1200] = pruned(1200, Some(1024));
    // An earlier one, of before more was removed.
    log.leaves[1100] = pruned(1100, Some(256));
    let place = Place::new();
    let earlier = place.file("earlier", log.note(600, SEED));
    let (code, json) = check(&["log", &place.zip("log.zip", &log.package()), "--key", &vkey(), "--earlier", &earlier]);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!((&json["facts"]["pruned"], &json["facts"]["pruned_below"]), (&768.into(), &1024.into()));
    assert!(codes(&json, "shown").contains(&"pruned_declared".to_owned()));
    assert_eq!(json["facts"]["first_at"], leaf(512).at);
    assert!(codes(&json, "not_shown").contains(&"pruned".to_owned()));
}

#[test]
fn without_a_key_of_ones_own_only_consistency_is_claimed() {
    let place = Place::new();
    let log = Log::of(300);
    let path = place.folder("log", &log.package());
    let (code, json) = check(&["log", &path]);
    assert_eq!((code, json["code"].as_str()), (0, Some("log_consistent_only")));
    assert_eq!(json["facts"]["anchored"], false);
    assert_eq!(json["facts"]["keys"][0]["vkey"], vkey());
    assert!(codes(&json, "not_shown").contains(&"key".to_owned()));
    // A whole other log by another key looks the same, which is why it says so.
    let other = place.folder("other", &log.package_by(OTHER_SEED));
    assert_eq!(check(&["log", &other]).0, 0);
    assert_eq!(check(&["log", &other, "--key", &vkey()]).0, 1);
}

#[test]
fn an_earlier_checkpoint_vouches_for_the_key_too() {
    let place = Place::new();
    let log = Log::of(700);
    let earlier = place.file("earlier", log.note(256, SEED));
    let (code, json) = check(&["log", &place.folder("log", &log.package()), "--earlier", &earlier]);
    assert_eq!((code, json["code"].as_str()), (0, Some("log_proven")));
    assert_eq!(json["facts"]["anchored"], true);
    let other = place.folder("other", &log.package_by(OTHER_SEED));
    let (code, json) = check(&["log", &other, "--earlier", &earlier]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["earlier_untrusted".to_owned()]));
}

#[test]
fn after_a_change_of_keys_the_old_and_the_new_key_both_open_the_log() {
    let log = Log::of(600);
    let both = |size| log.checkpoint(size).sign(&[&signer(OTHER_SEED), &signer(SEED)]).unwrap().to_string();
    let mut package = log.package();
    package.put("checkpoint", both(600));
    package.put("checkpoints", format!("{}--\n{}--\n{}--\n", log.note(200, SEED), both(400), both(600)));
    package.put("keys", format!("{}\n{}\n", signer(OTHER_SEED).vkey(), vkey()));
    let place = Place::new();
    let path = place.folder("log", &package);
    for key in [vkey(), signer(OTHER_SEED).vkey().to_string()] {
        let (code, json) = check(&["log", &path, "--key", &key]);
        assert_eq!(code, 0, "{json:#}");
        assert_eq!(codes(&json, "notes").contains(&"old_keys".to_owned()), key != vkey());
    }
}

#[test]
fn witnesses_are_counted_and_a_wrong_cosignature_is_told() {
    let log = Log::of(40);
    let mut package = log.package();
    let (note, first) = cosigned(&log.note(40, SEED), "first.example", [8; 32]);
    let second = Cosigner::from_seed("second.example", &[9; 32]).unwrap().vkey().to_string();
    package.put("checkpoint", note.as_str());
    let place = Place::new();
    let path = place.folder("log", &package);
    let both = ["log", &path, "--key", &vkey(), "--witness", &first, "--witness", &second];
    let (code, json) = check(&both);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["quorum".to_owned()]));
    let (code, json) = check(&[&both[..], &["--quorum", "1"]].concat());
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(json["facts"]["witnesses"][0]["at"], "2026-08-01T12:34:56Z");
    assert_eq!(check(&[&both[..], &["--quorum", "3"]].concat()).0, 2);
    // One witness twice is one witness.
    let twice = ["log", &path, "--key", &vkey(), "--witness", &first, "--witness", &first, "--quorum", "2"];
    assert_eq!(check(&twice).0, 2);
    // The cosignature of another checkpoint.
    let (other, _) = cosigned(&log.note(30, SEED), "first.example", [8; 32]);
    package.put("checkpoint", format!("{}{}\n", log.note(40, SEED), other.lines().last().unwrap()));
    let path = place.folder("wrong", &package);
    let (code, json) = check(&["log", &path, "--key", &vkey(), "--witness", &first]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["cosignature_wrong".to_owned(), "quorum".to_owned()]));
}

#[test]
fn entries_of_another_tenant_or_another_form_are_told() {
    for (altered, code) in [
        (ledger::Leaf { tenant: crate::made::uuid(9, 9), ..leaf(3) }.encode(), "other_tenant"),
        (b"{\"v\":2}".to_vec(), "entry_malformed"),
        (leaf(3).encode().into_iter().chain(*b" ").collect(), "entry_malformed"),
    ] {
        let mut log = Log::of(10);
        log.leaves[3] = altered;
        let place = Place::new();
        let (exit, json) = check(&["log", &place.folder("log", &log.package()), "--key", &vkey()]);
        assert_eq!((exit, codes(&json, "findings")), (1, vec![code.to_owned()]));
        assert_eq!(json["findings"][0]["position"], 3);
    }
}

#[test]
fn time_that_goes_back_is_a_remark_and_no_fault() {
    // Entries are a second apart; 512 is the first of a bundle.
    let cases =
        [(600, 1, true), (600, 588, true), (600, 589, false), (512, 1, true), (512, 500, true), (512, 501, false)];
    for (position, at, remarked) in cases {
        let mut log = Log::of(700);
        log.leaves[position] = ledger::Leaf { at: leaf(at).at, ..leaf(position as u64) }.encode();
        let place = Place::new();
        let (code, json) = check(&["log", &place.folder("log", &log.package()), "--key", &vkey()]);
        assert_eq!(code, 0, "{json:#}");
        let back = json["notes"].as_array().unwrap().iter().find(|note| note["code"] == "back_in_time");
        assert_eq!(back.map(|note| note["position"].clone()), remarked.then(|| position.into()), "{position} {at}");
    }
}

#[test]
fn the_platforms_own_log_can_be_checked_too() {
    let log = crate::platform::platform_log(&[], 5);
    let place = Place::new();
    let path = place.folder("log", &log.package_by(PLATFORM_SEED));
    let (code, json) = check(&["log", &path]);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(json["facts"]["origin"], "struct.example/log/platform");
}

#[test]
fn a_log_that_is_neither_a_tenants_nor_the_platforms_is_not_judged() {
    let signer = ledger::note::Signer::from_seed("somewhere.example", &SEED).unwrap();
    let note =
        Checkpoint::new("somewhere.example", 0, ledger::hash::empty_root()).sign(&[&signer]).unwrap().to_string();
    let mut package = Log::of(0).package();
    package.put("checkpoint", note);
    package.put("keys", signer.vkey().to_string());
    let place = Place::new();
    assert_eq!(check(&["log", &place.folder("log", &package)]).1["code"], "origin");
}

#[test]
fn the_answer_is_in_the_language_of_the_reader() {
    let place = Place::new();
    let path = place.folder("log", &Log::of(300).package());
    let (code, ja) = say(&["log", &path, "--key", &vkey()], Language::Ja);
    assert_eq!(code, 0);
    assert!(ja.starts_with("[確認できました] このログの300件が"), "{ja}");
    assert!(ja.contains("確かめていないこと"));
    let (_, en) = say(&["log", &path, "--key", &vkey(), "--lang", "en"], Language::Ja);
    assert!(en.starts_with("[Proven] The 300 entries"), "{en}");
}

#[test]
fn the_json_keeps_its_names() {
    let place = Place::new();
    let log = Log::of(300);
    let earlier = place.file("earlier", log.note(100, SEED));
    let (_, mut json) = check(&["log", &place.folder("log", &log.package()), "--key", &vkey(), "--earlier", &earlier]);
    for part in ["shown", "not_shown"] {
        for said in json[part].as_array_mut().unwrap() {
            said.as_object_mut().unwrap().remove("sentence");
            if said.get("file").is_some() {
                said["file"] = "earlier".into();
            }
        }
    }
    insta::assert_json_snapshot!(json);
    assert_eq!(json["facts"]["origin"], origin());
}
