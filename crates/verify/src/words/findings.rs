//! What is wrong, so that nothing is proven: each sentence says where and what. Entries are counted from 0, as the
//! formats do.

use super::reasons;
use crate::language::Said;
use crate::package::ReadError;
use ledger::checkpoint::CheckpointError;
use ledger::note::VerifierKey;
use ledger::tlog_proof::TlogProofError;

/// There are more than are told.
pub fn more(untold: u64) -> Said {
    Said::new("more", format!("ほかに{untold}件あります。"), format!("There are {untold} more."))
}

/// A file of the package is damaged.
pub fn damaged_file(name: &str, error: &ReadError) -> Said {
    let (ja, en) = reasons::reading(error);
    Said::new("file_damaged", format!("{name}：{ja}。"), format!("{name}: {en}.")).of_file(name)
}

/// The list of checkpoints cannot be read.
pub fn no_list(error: &ReadError) -> Said {
    let (ja, en) = reasons::reading(error);
    Said::new(
        "checkpoints_missing",
        format!("公開されたチェックポイントの一覧（checkpoints）：{ja}。"),
        format!("The list of published checkpoints (checkpoints): {en}."),
    )
    .of_file("checkpoints")
}

/// Entries are missing altogether.
pub fn gap(bundle: &str) -> Said {
    Said::new(
        "entries_missing",
        format!("{bundle} がありません。ここから先の記録は確かめられません。"),
        format!("{bundle} is missing. Entries from here on cannot be checked."),
    )
    .of_file(bundle)
}

/// A bundle is none.
pub fn bundle(name: &str, why: &str) -> Said {
    Said::new(
        "bundle_malformed",
        format!("{name} は記録の束の形をしていません。ここから先の記録は確かめられません。"),
        format!("{name} is no bundle of entries ({why}). Entries from here on cannot be checked."),
    )
    .of_file(name)
}

/// A bundle has too many or too few entries.
pub fn bundle_length(name: &str, found: usize, expected: u16) -> Said {
    Said::new(
        "bundle_length",
        format!("{name} に{found}件あります。{expected}件のはずなので、抜かれたか加えられています。ここから先の記録は確かめられません。"),
        format!("{name} holds {found} entries where {expected} belong: some were taken out or put in. Entries from here on cannot be checked."),
    )
    .of_file(name)
}

/// A leaf is not what it must be.
pub fn leaf(position: u64, why: &str) -> Said {
    Said::new(
        "entry_malformed",
        format!("番号 {position} の記録が、決められた形をしていません。"),
        format!("Entry {position} is not in the form it must have: {why}."),
    )
    .of_entries(position, position + 1)
}

/// A leaf of another tenant.
pub fn other_tenant(position: u64) -> Said {
    Said::new(
        "other_tenant",
        format!("番号 {position} の記録は、別のテナントのものです。"),
        format!("Entry {position} is of another tenant."),
    )
    .of_entries(position, position + 1)
}

/// A published checkpoint is not to be believed.
pub fn published(nth: u64, error: &CheckpointError) -> Said {
    let nth = nth + 1;
    Said::new(
        "checkpoint_untrusted",
        format!("checkpoints の{nth}番目：{}。", reasons::checkpoint_ja(error)),
        format!("Checkpoint {nth} of `checkpoints`: {error}."),
    )
    .of_file("checkpoints")
}

/// A published checkpoint stands after a larger one.
pub fn out_of_order(nth: u64, size: u64, after: u64) -> Said {
    let nth = nth + 1;
    Said::new(
        "checkpoint_out_of_order",
        format!("checkpoints の{nth}番目（{size}件）が、より大きいもの（{after}件）の後にあります。"),
        format!("Checkpoint {nth} of `checkpoints` ({size} entries) stands after a larger one ({after} entries)."),
    )
    .of_file("checkpoints")
}

/// The root differs from the one that was published.
pub fn root(nth: u64, agreed: u64, size: u64) -> Said {
    let nth = nth + 1;
    Said::new(
        "root_differs",
        format!("番号 {agreed} から {} までの記録のどれかが、checkpoints の{nth}番目を公開した後に変えられています（変更・削除・挿入・入れ替え）。", size.saturating_sub(1)),
        format!("An entry from {agreed} to {} was changed, removed, put in or exchanged after checkpoint {nth} of `checkpoints` was published.", size.saturating_sub(1)),
    )
    .of_entries(agreed, size)
}

/// Entries are gone, and no entry of the log says that they were removed.
pub fn removed_undeclared(first: u64, until: u64, told: u64) -> Said {
    let last = until.saturating_sub(1);
    let (ja, en) = match told {
        0 => (
            "保存期間による削除を記す記録（audit.pruned の pruned_below）が、このログに一つもありません".to_owned(),
            "no entry of this log (audit.pruned with pruned_below) says that any were removed".to_owned(),
        ),
        told => (
            format!("ログの記録（audit.pruned の pruned_below）が削除を認めているのは、番号 {told} より前だけです"),
            format!("the log's own entries (audit.pruned with pruned_below) say so only of those before {told}"),
        ),
    };
    Said::new(
        "removed_undeclared",
        format!("番号 {first} から {last} までに、要約値だけで内容のない記録があります。保存期間が過ぎて消されたことになっていますが、{ja}。"),
        format!("From {first} to {last} there are entries of which only hashes are left, as if the retention rule had removed them, but {en}."),
    )
    .of_entries(first, until)
}

/// Entries of the platform's log are gone.
pub fn removed_from_platform(first: u64, until: u64) -> Said {
    let last = until.saturating_sub(1);
    Said::new(
        "removed_from_platform",
        format!("番号 {first} から {last} までに、要約値だけで内容のない記録があります。プラットフォームのログの記録は、消されることがありません。"),
        format!("From {first} to {last} there are entries of which only hashes are left. Entries of the platform's log are never removed."),
    )
    .of_entries(first, until)
}

/// How many published roots differ.
pub fn roots(differing: u64) -> Said {
    Said::new(
        "roots_differ",
        format!("記録と合わない、公開済みのチェックポイントは全部で{differing}個です。"),
        format!("In all, {differing} published checkpoints do not fit the entries."),
    )
}

/// The root differs from the newest one.
pub fn newest_root(agreed: u64, size: u64) -> Said {
    Said::new(
        "newest_root_differs",
        format!("記録が、最新のチェックポイントと合いません。番号 {agreed} 以降のどれかが変えられています（変更・削除・挿入・入れ替え）。"),
        format!("The entries do not fit the newest checkpoint: one from {agreed} on was changed, removed, put in or exchanged."),
    )
    .of_entries(agreed, size)
}

/// The list does not end with the newest checkpoint.
pub fn newest_not_listed() -> Said {
    Said::new(
        "newest_not_listed",
        "最新のチェックポイントが、公開されたチェックポイントの一覧の最後と違います。",
        "The newest checkpoint is not the last of the published ones.",
    )
    .of_file("checkpoints")
}

/// A larger checkpoint was published.
pub fn beyond(nth: u64, newest: u64, size: u64) -> Said {
    let nth = nth + 1;
    Said::new(
        "tail_cut",
        format!("checkpoints の{nth}番目は{size}件のログのものですが、このログは{newest}件しかありません。末尾が切り捨てられています。"),
        format!("Checkpoint {nth} of `checkpoints` is of {size} entries, but this log has only {newest}: its tail was cut off."),
    )
    .of_entries(newest, size)
}

/// The root at the size of an earlier checkpoint differs.
pub fn earlier_root(file: &str, agreed: u64, size: u64) -> Said {
    Said::new(
        "earlier_root_differs",
        format!("お手元のチェックポイント（{file}、{size}件）と合いません。番号 {agreed} から {} までの記録のどれかが、その後に変えられています。", size.saturating_sub(1)),
        format!("The log does not fit your earlier checkpoint ({file}, {size} entries): an entry from {agreed} to {} was changed since.", size.saturating_sub(1)),
    )
    .of_entries(agreed, size)
    .of_file(file)
}

/// The log is smaller than it was.
pub fn cut(file: &str, newest: u64, size: u64) -> Said {
    Said::new(
        "smaller_than_earlier",
        format!("お手元のチェックポイント（{file}）では{size}件ありましたが、このログは{newest}件しかありません。末尾が切り捨てられたか、ファイルが逆です。"),
        format!("Your earlier checkpoint ({file}) is of {size} entries, but this log has only {newest}: its tail was cut off, or the files were exchanged."),
    )
    .of_entries(newest, size)
    .of_file(file)
}

/// An earlier checkpoint does not fit, and the log says itself that it was restored from a backup.
pub fn restore_declared(file: &str, position: u64, at: &str) -> Said {
    Said::new(
        "restore_declared",
        format!("このログは、番号 {position} の記録（{at}）で「バックアップから復元し、それより後の公開済みの記録は失われた」と公表しています。お手元のチェックポイント（{file}）がそれより前に受け取ったものなら、失われた部分のものです。それより後に受け取ったものなら、復元では説明できません。運営者に問い合わせてください。"),
        format!("By its entry {position} ({at}) this log declares that it was restored from a backup, and that what had been published beyond was lost. If you got your earlier checkpoint ({file}) before that, it is of the part that was lost. If you got it later, the restore does not explain it. Ask the operator."),
    )
    .of_entries(position, position.saturating_add(1))
    .of_file(file)
}

/// An earlier checkpoint is not to be believed.
pub fn earlier(file: &str, error: &CheckpointError) -> Said {
    Said::new(
        "earlier_untrusted",
        format!("お手元のチェックポイント（{file}）：{}。", reasons::checkpoint_ja(error)),
        format!("Your earlier checkpoint ({file}): {error}."),
    )
    .of_file(file)
}

/// The newest checkpoint is not to be believed.
pub fn newest(error: &CheckpointError) -> Said {
    Said::new(
        "newest_untrusted",
        format!("最新のチェックポイント：{}。", reasons::checkpoint_ja(error)),
        format!("The newest checkpoint: {error}."),
    )
    .of_file("checkpoint")
}

/// None of the given keys is of this log.
pub fn keys_of_other_log(origin: &str, key: &str) -> Said {
    Said::new(
        "other_log",
        format!("これは {origin} のログですが、渡された鍵は {key} のものです。"),
        format!("This is the log {origin}, but the key given is of {key}."),
    )
}

/// The package's own list of keys is wrong.
pub fn keys(why: &str) -> Said {
    Said::new(
        "keys_malformed",
        format!("鍵の一覧（keys）が読めません（{why}）。"),
        format!("The list of keys (keys) cannot be read: {why}."),
    )
    .of_file("keys")
}

/// A key of another log.
pub fn key_of_other_log(key: &VerifierKey) -> Said {
    Said::new(
        "key_of_other_log",
        format!("鍵の一覧（keys）に、別のログの鍵があります：{key}"),
        format!("The list of keys (keys) has a key of another log: {key}"),
    )
    .of_file("keys")
}

/// Two members of one name.
pub fn two_of_a_name() -> Said {
    Said::new(
        "two_of_a_name",
        "zip の中に、同じ名前のファイルが二つあります。読むプログラムによって、違う記録が見えます。",
        "The zip holds two files of the same name: another program may read other entries than this one.",
    )
}

/// A tile that the tree does not have.
pub fn unexpected_file(name: &str) -> Said {
    Said::new(
        "unexpected_file",
        format!("{name} は、最新のチェックポイントのログにはないファイルです。"),
        format!("{name} does not belong to the log of the newest checkpoint."),
    )
    .of_file(name)
}

/// A witness's signature is wrong.
pub fn bad_cosignature(witness: &str) -> Said {
    Said::new(
        "cosignature_wrong",
        format!("証人 {witness} の署名が、チェックポイントと合いません。"),
        format!("The cosignature of the witness {witness} does not fit the checkpoint."),
    )
}

/// Too few witnesses have signed.
pub fn quorum(found: usize, needed: usize) -> Said {
    Said::new(
        "quorum",
        format!("証人の署名が{found}個です。{needed}個必要です。"),
        format!("{found} of the witnesses have cosigned; {needed} are needed."),
    )
}

/// The platform's log is itself not sound.
pub fn platform(finding: &Said) -> Said {
    use crate::language::Language::{En, Ja};
    let mut said = Said::new(
        "platform",
        format!("プラットフォームのログ：{}", finding.text(Ja)),
        format!("The platform's log: {}", finding.text(En)),
    );
    (said.position, said.until, said.file) = (finding.position, finding.until, finding.file.clone());
    said
}

/// A checkpoint of this log that the package does not have.
pub fn hidden(position: u64, at: &str) -> Said {
    Said::new(
        "other_view",
        format!("プラットフォームのログの番号 {position}（{at}）に、このログの別のチェックポイントがあります。別の内容のログが示されたおそれがあります。"),
        format!("Entry {position} of the platform's log ({at}) names a checkpoint of this log that is not in your package: somebody may have been shown another log."),
    )
    .of_entries(position, position + 1)
}

/// A checkpoint that the platform's log does not have.
pub fn unrecorded(nth: u64) -> Said {
    let nth = nth + 1;
    Said::new(
        "not_in_platform",
        format!("checkpoints の{nth}番目が、プラットフォームのログにありません。"),
        format!("Checkpoint {nth} of `checkpoints` is not in the platform's log."),
    )
}

/// The platform's log knows later checkpoints.
pub fn platform_is_newer(count: u64, at: &str) -> Said {
    Said::new(
        "platform_is_newer",
        format!(
            "プラットフォームのログには、このログのより新しいチェックポイントが{count}個あります（最初は {at}）。ログの末尾が切り捨てられたか、先にダウンロードしたものです。ログをダウンロードし直して、もう一度確かめてください。"
        ),
        format!(
            "The platform's log knows {count} later checkpoints of this log (the first of {at}): the tail of your package was cut off, or it was downloaded earlier. Download it again and check once more."
        ),
    )
}

/// A certificate proves nothing.
pub fn proof(error: &TlogProofError) -> Said {
    Said::new(
        "proof_fails",
        format!("証明が成り立ちません：{}。", reasons::tlog_proof_ja(error)),
        format!("The proof does not hold: {error}."),
    )
}

/// The leaf of a certificate is none.
pub fn proof_leaf(why: &str) -> Said {
    Said::new(
        "entry_malformed",
        "証明書の中の記録が、決められた形をしていません。",
        format!("The entry in the certificate is not in the form it must have: {why}."),
    )
}

/// The certificate's entry is of another log.
pub fn proof_of_other_tenant() -> Said {
    Said::new(
        "other_tenant",
        "証明書の中の記録は、このログのテナントのものではありません。",
        "The entry in the certificate is not of this log's tenant.",
    )
}

/// The detail is another.
pub fn commitment() -> Said {
    Said::new(
        "detail_differs",
        "証明書に書かれた詳細は、記録されたものと違います（要約値が合いません）。",
        "The detail in the certificate is not the one that was recorded: its hash differs.",
    )
}

/// The entry is not of a delivery.
pub fn not_delivered(verb: &str) -> Said {
    Said::new(
        "not_a_delivery",
        format!("この記録は、データの取り出しが終わったこと（records.delivered）の記録ではありません（{verb}）。"),
        format!("This entry is not of a file that was delivered (records.delivered), but of {verb}."),
    )
}

/// The file is another.
pub fn file_differs(file: &str) -> Said {
    Said::new(
        "file_differs",
        format!("{file} は、記録された取り出しのファイルと違います（SHA-256 が合いません）。"),
        format!("{file} is not the file that was recorded: its SHA-256 differs."),
    )
    .of_file(file)
}

/// The file is of another length.
pub fn file_length(file: &str, found: u64, recorded: u64) -> Said {
    Said::new(
        "file_length",
        format!("{file} は{found}バイトですが、記録では{recorded}バイトです。"),
        format!("{file} has {found} bytes; {recorded} were recorded."),
    )
    .of_file(file)
}

/// The raw data are not those of the evidence.
pub fn raw_differs(name: &str) -> Said {
    Said::new(
        "raw_differs",
        format!("{name} は、この証跡に記録された元の値ではありません（SHA-256が違います）。"),
        format!("{name} is not the raw data of this evidence: its SHA-256 differs."),
    )
    .of_file(name)
}

/// There is nothing to compare raw data with.
pub fn not_measured(name: &str) -> Said {
    Said::new(
        "not_measured",
        format!("この証明書には、{name} と比べられる測定の記録がありません。"),
        format!("This certificate holds no measurement with raw data to compare {name} with."),
    )
    .of_file(name)
}
