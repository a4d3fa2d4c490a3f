//! What is said of one entry and its certificate, and of a file that was taken out.

use crate::language::Said;

/// The certificate holds.
pub fn holds(position: u64, origin: &str) -> Said {
    Said::new(
        "entry_proven",
        format!("この記録が、{origin} のログの番号 {position} に、下の内容で載っていることを確かめました。"),
        format!("This entry stands in the log {origin} at position {position}, as shown below."),
    )
}

/// The certificate holds, and the file is the one.
pub fn file_holds(position: u64, origin: &str, file: &str) -> Said {
    Said::new(
        "file_proven",
        format!("{file} は、{origin} のログの番号 {position} に記録された取り出しのファイルと、1バイトも違いません。"),
        format!("{file} is, byte for byte, the file whose delivery stands in the log {origin} at position {position}."),
    )
    .of_file(file)
}

/// It does not hold.
pub fn fails() -> Said {
    Said::new(
        "entry_not_proven",
        "この証明書では、確かめられませんでした。下の内容を信じないでください。",
        "This certificate proves nothing. Do not believe what it says.",
    )
}

/// The entry holds, the file does not.
pub fn file_fails(file: &str) -> Said {
    Said::new(
        "file_not_proven",
        format!("{file} が、記録された取り出しのファイルだと確かめられませんでした。"),
        format!("{file} could not be shown to be the file that was recorded."),
    )
    .of_file(file)
}

/// What inclusion shows.
pub fn shown_inclusion(size: u64) -> Said {
    Said::new(
        "inclusion",
        format!(
            "記録は、{size}件のログに署名したチェックポイントに含まれています。その後に変えれば、ログと合わなくなります。"
        ),
        format!(
            "The entry is in the log that was signed at {size} entries. Had it been changed since, it would not fit."
        ),
    )
}

/// What the commitment shows.
pub fn shown_detail() -> Said {
    Said::new(
        "detail",
        "詳細は、記録されたときのままです（要約値が一致します）。",
        "The detail is the one that was recorded: its hash fits.",
    )
}

/// What the file's hash shows.
pub fn shown_file(bytes: u64) -> Said {
    Said::new(
        "file",
        format!("ファイルの SHA-256 と大きさ（{bytes}バイト）が、記録と一致しました。"),
        format!("The file's SHA-256 and its length ({bytes} bytes) fit the entry."),
    )
}

/// What the hash of raw data shows.
pub fn shown_raw(bytes: u64) -> Said {
    Said::new(
        "raw",
        format!("元の値（{bytes}バイト）の SHA-256 が、証跡と一致しました。"),
        format!("The SHA-256 of the raw data ({bytes} bytes) is the one in the evidence."),
    )
}

/// What evidence does not show.
pub fn not_measurement() -> Said {
    Said::new(
        "measurement",
        "測定そのものが正しかったか。証跡は、こう測ったと記録された後に変えられていないことだけを示します。",
        "Whether the measurement itself was right. Evidence shows what was recorded, and that it was not changed since.",
    )
}

/// The detail is closed.
pub fn not_detail() -> Said {
    Said::new(
        "detail",
        "詳細（変更前後の値など）の内容。この証明書には入っていません。",
        "What the detail says (values before and after, for instance). It is not in this certificate.",
    )
}

/// The rest of the log.
pub fn not_log() -> Said {
    Said::new(
        "log",
        "ほかの記録。ログ全体は、ダウンロードして struct-verify log で確かめられます。",
        "Anything about other entries. Download the whole log and check it with `struct-verify log`.",
    )
}

/// Where the file went.
pub fn not_file_copies() -> Said {
    Said::new(
        "copies",
        "ファイルを受け取った後に、誰が開いたか、複製したか。",
        "Who opened or copied the file after it was received.",
    )
}
