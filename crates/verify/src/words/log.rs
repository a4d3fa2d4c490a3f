//! What is said of a whole log: the sentence at the top, what it shows and what it does not.

use crate::language::Said;

/// Names of the lines.
pub fn line(code: &'static str, ja: &str, en: &str) -> Said {
    Said::new(code, ja, en)
}

/// Nothing is wrong; by a key that the customer has given.
pub fn sound_by_key(entries: u64, earlier: Option<u64>) -> Said {
    match earlier {
        Some(earlier) => Said::new(
            "log_proven",
            format!(
                "このログの{entries}件に、改ざん・欠落・差し替えがないことを確かめました。お手元のチェックポイント（{earlier}件）の後に、それより前が書き換えられたことも、末尾が切り捨てられたこともありません。"
            ),
            format!(
                "The {entries} entries of this log are unaltered, complete and in order. Nothing from before your earlier checkpoint ({earlier} entries) was rewritten or cut off since."
            ),
        ),
        None => Said::new(
            "log_proven",
            format!(
                "このログの{entries}件が、お渡しの鍵で署名されたとおりで、改ざん・欠落・差し替えがないことを確かめました。"
            ),
            format!(
                "The {entries} entries of this log are as they were signed with the key you gave: unaltered, complete and in order."
            ),
        ),
    }
}

/// Nothing is wrong; the customer's earlier checkpoint vouches for the key.
pub fn sound_by_earlier(entries: u64, earlier: u64) -> Said {
    Said::new(
        "log_proven",
        format!(
            "このログの{entries}件に、改ざん・欠落・差し替えがないことを確かめました。お手元のチェックポイント（{earlier}件）と同じログの続きで、それより前が書き換えられたことも、末尾が切り捨てられたこともありません。"
        ),
        format!(
            "The {entries} entries of this log are unaltered, complete and in order. It continues the log of your earlier checkpoint ({earlier} entries), of which nothing was rewritten or cut off."
        ),
    )
}

/// Nothing contradicts itself, and that is all.
pub fn consistent_only(entries: u64) -> Said {
    Said::new(
        "log_consistent_only",
        format!(
            "このログの{entries}件に、内部の矛盾はありません。ただし、鍵がパッケージ自身に入っていたものなので、ログが丸ごと作り替えられていないことは、これだけでは分かりません。下の鍵を、別の手段で受け取ったものと比べてください。"
        ),
        format!(
            "The {entries} entries of this log agree with each other. But the key came from the package itself, so this alone does not show that the whole log was not made anew. Compare the key below with one that you got by another way."
        ),
    )
}

/// Something is wrong.
pub fn unsound(findings: u64) -> Said {
    Said::new(
        "log_not_proven",
        format!(
            "このログは、正しいと確かめられませんでした。問題が{findings}件あります。このファイルと下の内容を残しておいてください。"
        ),
        format!(
            "This log could not be shown to be right: {findings} finding(s). Keep this file and what is said below."
        ),
    )
}

/// All leaves lead to the root.
pub fn shown_tree(entries: u64) -> Said {
    Said::new(
        "tree",
        format!("{entries}件すべての要約値を計算し直し、最新のチェックポイントの値と一致しました。"),
        format!("The hashes of all {entries} entries, computed anew, lead to the root of the newest checkpoint."),
    )
}

/// All checkpoints fit.
pub fn shown_checkpoints(checkpoints: u64) -> Said {
    Said::new(
        "checkpoints",
        format!("公開されたチェックポイント{checkpoints}個の署名と値が、すべて記録と一致しました。"),
        format!("The signatures and roots of {checkpoints} published checkpoint(s) all fit the entries."),
    )
}

/// An earlier checkpoint fits.
pub fn shown_earlier(file: &str, size: u64) -> Said {
    Said::new(
        "earlier",
        format!("お手元のチェックポイント（{file}、{size}件）の続きです。"),
        format!("The log continues your earlier checkpoint ({file}, {size} entries)."),
    )
    .of_file(file)
}

/// Entries that are gone were removed by the retention rule.
pub fn shown_pruned(below: u64) -> Said {
    Said::new(
        "pruned_declared",
        format!(
            "内容が消されている記録は、すべて番号 {below} より前です。保存期間が過ぎたものとして消したことが、このログの記録（audit.pruned）にあります。"
        ),
        format!(
            "All entries that are gone stand before {below}, and an entry of this log (audit.pruned) says that the retention rule removed those."
        ),
    )
}

/// Witnesses have signed.
pub fn shown_witness(name: &str, at: &str) -> Said {
    Said::new(
        "witness",
        format!("証人 {name} が、{at}（協定世界時）に、このチェックポイントに署名しています。"),
        format!("The witness {name} cosigned this checkpoint at {at} (UTC)."),
    )
}

/// The platform's log has the checkpoints.
pub fn shown_platform(checkpoints: u64) -> Said {
    Said::new(
        "platform",
        format!(
            "チェックポイント{checkpoints}個が、プラットフォームのログにも載っています。そこに、このログの別のチェックポイントはありません。"
        ),
        format!(
            "{checkpoints} checkpoint(s) stand in the platform's log too, which names no other checkpoint of this log."
        ),
    )
}

/// That a person was that person.
pub fn not_person() -> Said {
    Said::new(
        "person",
        "操作した人が、本当にその利用者本人だったこと。分かるのは、その利用者としてログインした人の操作だということです。",
        "That the person who acted was really that user. It shows what was done by whoever was signed in as that user.",
    )
}

/// That everything was recorded.
pub fn not_recorded() -> Said {
    Said::new(
        "recorded",
        "すべての操作が記録されたこと。分かるのは、一度載った記録が、後から変えられたり消されたりしていないことです。",
        "That everything that was done left an entry. It shows that no entry, once in the log, was altered or taken out.",
    )
}

/// What came later.
pub fn not_later(entries: u64, at: Option<&str>) -> Said {
    let (ja, en) = at.map_or_else(Default::default, |at| {
        (format!("、最後の記録は {at}"), format!("; its last kept entry is of {at}"))
    });
    Said::new(
        "later",
        format!(
            "最新のチェックポイント（{entries}件{ja}）より後の記録。公開は操作の約2秒後です。それより新しい記録が、このファイルから切り捨てられていても分かりません。"
        ),
        format!(
            "Entries after the newest checkpoint ({entries} entries{en}). They are published about two seconds after the act, and that later ones were cut from this file would not be seen."
        ),
    )
}

/// Clocks.
pub fn not_clock() -> Said {
    Said::new(
        "clock",
        "記録の時刻が正しいこと。時刻はサーバーの時計によります。",
        "That the times of the entries are right. They are those of the server's clock.",
    )
}

/// Details.
pub fn not_detail() -> Said {
    Said::new(
        "detail",
        "暗号化された詳細（変更前後の値など）の内容。ログには要約値だけがあります。一件ずつ、証明書で確かめられます。",
        "What the encrypted details say (values before and after, for instance). The log holds only their hashes; a certificate shows the detail of one entry.",
    )
}

/// No earlier checkpoint.
pub fn not_past() -> Said {
    Said::new(
        "past",
        "ログが最初から、同じ鍵で作り直されていないこと。これを確かめるには、以前に受け取ったチェックポイントを --earlier で渡してください。",
        "That the log was not written anew from its beginning with the same key. To see that, give a checkpoint that you have kept, with --earlier.",
    )
}

/// No key of the customer's.
pub fn not_key() -> Said {
    Said::new(
        "key",
        "鍵が本物であること。--key か --key-file で、別の手段で受け取った鍵を渡してください。",
        "That the key is the right one. Give the key that you got by another way, with --key or --key-file.",
    )
}

/// Nobody else to compare with.
pub fn not_same_for_all() -> Said {
    Said::new(
        "same_for_all",
        "他の人に、別の内容のログが示されていないこと。証人（--witness）か、プラットフォームのログ（--platform）で確かめられます。",
        "That nobody else was shown another log. Witnesses (--witness) or the platform's log (--platform) show that.",
    )
}

/// Removed leaves.
pub fn not_pruned(pruned: u64) -> Said {
    Said::new(
        "pruned",
        format!("保存期間が過ぎて消された{pruned}件の内容。その件数と順序は、残された要約値で確かめました。"),
        format!(
            "What the {pruned} entries said that the retention rule has removed. Their number and order were checked by the hashes that stay."
        ),
    )
}

/// Old checkpoints that only the package's keys open.
pub fn by_package_only(checkpoints: u64) -> Said {
    Said::new(
        "old_keys",
        format!(
            "古いチェックポイント{checkpoints}個は、お渡しの鍵ではなく、パッケージにある以前の鍵で署名されています。値は、お渡しの鍵で確かめた記録と一致しています。"
        ),
        format!(
            "{checkpoints} older checkpoint(s) are signed with earlier keys named by the package, not with the one you gave. Their roots fit the entries that your key vouches for."
        ),
    )
}

/// An entry that goes back.
pub fn back_in_time(position: u64, tolerance_seconds: i64) -> Said {
    Said::new(
        "back_in_time",
        format!("番号 {position} の記録の時刻が、前の記録より{tolerance_seconds}秒を超えて戻っています。ログの順序は載った順で、時計の変更などで時刻が戻ることがあります。"),
        format!("The time of entry {position} lies more than {tolerance_seconds} s before that of an earlier entry. Entries stand in the order of being logged; a clock that was set back does this, for instance."),
    )
    .of_entries(position, position + 1)
}

/// A member that was not looked at.
pub fn other_file(name: &str) -> Said {
    Said::new("other_file", format!("{name} は検査していません。"), format!("{name} was not looked at.")).of_file(name)
}

/// More such members.
pub fn other_files(count: u64) -> Said {
    Said::new(
        "other_files",
        format!("ほかに{count}個のファイルを検査していません。"),
        format!("{count} more files were not looked at."),
    )
}

/// The platform's package is a little older.
pub fn platform_is_older(count: u64) -> Said {
    Said::new(
        "platform_is_older",
        format!(
            "最新のチェックポイント{count}個は、渡されたプラットフォームのログより新しいので、そこにはまだありません。"
        ),
        format!("The {count} newest checkpoint(s) are later than the platform's log given, and not yet in it."),
    )
}

/// The platform's keys are its own.
pub fn platform_by_own_keys() -> Said {
    Said::new(
        "platform_keys",
        "プラットフォームのログは、それ自身に入っていた鍵で確かめました。--platform-key で鍵を渡せます。",
        "The platform's log was checked with the keys that came with it. Give its key with --platform-key.",
    )
}
