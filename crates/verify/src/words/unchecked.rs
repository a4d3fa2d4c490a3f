//! Why nothing could be checked: what is missing, and what to do.

use super::reasons;
use crate::language::Said;
use crate::package::ReadError;
use ledger::note::KeyKind;

/// A file cannot be read.
pub fn unreadable(name: &str, why: &str) -> Said {
    Said::new("unreadable", format!("{name} が読めません（{why}）。"), format!("{name} cannot be read ({why})."))
        .of_file(name)
}

/// A package cannot be read.
pub fn package(name: &str, error: &ReadError) -> Said {
    let (ja, en) = reasons::reading(error);
    Said::new(
        "unreadable",
        format!(
            "{name} をログとして開けません：{ja}。ダウンロードした zip か、それを展開したフォルダーを指定してください。"
        ),
        format!(
            "{name} cannot be opened as a log: {en}. Name the zip as downloaded, or the folder it was unpacked to."
        ),
    )
    .of_file(name)
}

/// The disk failed.
pub fn disk(name: &str, error: &ReadError) -> Said {
    let (ja, en) = reasons::reading(error);
    Said::new("unreadable", format!("{name}：{ja}。"), format!("{name}: {en}.")).of_file(name)
}

/// A file is too long.
pub fn too_long(name: &str, limit: u64) -> Said {
    Said::new(
        "too_long",
        format!("{name} が長すぎます（上限 {limit} バイト）。"),
        format!("{name} is too long (at most {limit} bytes)."),
    )
    .of_file(name)
}

/// A file is no text.
pub fn not_text(name: &str) -> Said {
    Said::new("not_text", format!("{name} は UTF-8 の文書ではありません。"), format!("{name} is no text in UTF-8."))
        .of_file(name)
}

/// A key is none.
pub fn key(why: &str) -> Said {
    Said::new("key_malformed", format!("鍵が読めません（{why}）。"), format!("A key cannot be read: {why}."))
}

/// A file without a key.
pub fn no_key_in(name: &str) -> Said {
    Said::new("no_key", format!("{name} に鍵がありません。"), format!("There is no key in {name}.")).of_file(name)
}

/// A key of the wrong kind.
pub fn key_of_other_kind(key: &str, wanted: KeyKind) -> Said {
    let (ja, en) = match wanted {
        KeyKind::Ed25519 => (
            "ログの鍵ではなく、証人の鍵です（--witness で渡してください）",
            "is a witness's key, not a log's; give it with --witness",
        ),
        KeyKind::Cosignature => (
            "証人の鍵ではなく、ログの鍵です（--key で渡してください）",
            "is a log's key, not a witness's; give it with --key",
        ),
    };
    Said::new("key_of_other_kind", format!("{key} は{ja}。"), format!("{key} {en}."))
}

/// No key at all.
pub fn no_keys() -> Said {
    Said::new(
        "no_key",
        "鍵がありません。--key か --key-file で、ログの鍵を渡してください。",
        "There is no key. Give the log's key with --key or --key-file.",
    )
}

/// A quorum without so many witnesses.
pub fn quorum(witnesses: usize) -> Said {
    Said::new(
        "quorum",
        format!("--quorum は、1 から渡した証人の数（{witnesses}）までです。"),
        format!("--quorum is 1 to the number of witnesses given ({witnesses})."),
    )
}

/// The package is of no known log.
pub fn origin(origin: &str) -> Said {
    Said::new(
        "origin",
        format!("{origin} は、テナントのログでもプラットフォームのログでもありません。"),
        format!("{origin} is neither a tenant's log nor the platform's."),
    )
}

/// The newest checkpoint cannot be read.
pub fn checkpoint(why: &str) -> Said {
    Said::new(
        "checkpoint_malformed",
        "最新のチェックポイント（checkpoint）が、決められた形をしていません。届いたままのファイルを使ってください。",
        format!("The newest checkpoint (checkpoint) is not in its form: {why}."),
    )
    .of_file("checkpoint")
}

/// The certificate does not hold the entry.
pub fn no_leaf(name: &str) -> Said {
    Said::new(
        "no_entry",
        format!("{name} に記録そのものが入っていません（extra がないか、形が違います）。"),
        format!("{name} does not hold the entry itself: `extra` is missing, or not in its form."),
    )
    .of_file(name)
}

/// The detail is needed and not there.
pub fn no_detail() -> Said {
    Said::new(
        "no_detail",
        "証明書に詳細が入っていないので、ファイルと比べられません。詳細を見られる権限で、証明書をダウンロードし直してください。",
        "The certificate does not hold the detail, so the file cannot be compared. Download it again as somebody who may open the detail.",
    )
}

/// The detail says no hash.
pub fn no_hash() -> Said {
    Said::new(
        "no_hash",
        "この記録には、ファイルの SHA-256 がありません。取り出しが終わったこと（records.delivered）の証明書を使ってください。",
        "This entry says no SHA-256 of a file. Take the certificate of its delivery (records.delivered).",
    )
}
