//! Why something was refused, said in Japanese, for the errors of [`ledger`] and of reading; their English they bring along.

use crate::package::ReadError;
use ledger::checkpoint::CheckpointError;
use ledger::note::NoteError;
use ledger::proof::ProofError;
use ledger::tlog_proof::TlogProofError;

pub(super) fn checkpoint_ja(error: &CheckpointError) -> String {
    match error {
        CheckpointError::Note(error) => note_ja(error),
        CheckpointError::OtherLog { expected, found } => {
            format!("別のログ（{found}）のチェックポイントです。確かめるログは {expected} です")
        }
        CheckpointError::NotByLog => "ログの鍵による署名がありません（証人の署名だけです）".to_owned(),
        _ => "チェックポイントの形をしていません。届いたままのファイルを使ってください".to_owned(),
    }
}

fn note_ja(error: &NoteError) -> String {
    match error {
        NoteError::BadSignature { name } => {
            format!("{name} の署名が本文と合いません。本文か署名が書き換えられています")
        }
        NoteError::NoKnownSignature { known } => {
            format!("分かっている鍵（{known}個）による署名が、一つもありません")
        }
        NoteError::Unsigned => "署名がありません".to_owned(),
        _ => "署名付きの文書の形をしていません。届いたままのファイルを使ってください".to_owned(),
    }
}

pub(super) fn tlog_proof_ja(error: &TlogProofError) -> String {
    match error {
        TlogProofError::Checkpoint(error) => checkpoint_ja(error),
        TlogProofError::Proof(error) => proof_ja(error),
        _ => "証明書（tlog-proof）の形をしていません。届いたままのファイルを使ってください".to_owned(),
    }
}

fn proof_ja(error: &ProofError) -> String {
    match error {
        ProofError::IndexBeyondTree { index, size } => {
            format!("番号 {index} の記録は、{size}件のログにはありません")
        }
        ProofError::Length { expected, given } => {
            format!("証明の要約値が{given}個あります。{expected}個のはずです")
        }
        _ => "記録・証明・チェックポイントのどれかが書き換えられています（要約値がつながりません）".to_owned(),
    }
}

pub(super) fn reading(error: &ReadError) -> (String, String) {
    match error {
        ReadError::Missing => ("ありません".to_owned(), "it is not there".to_owned()),
        ReadError::TooLong { limit } => {
            (format!("長すぎます（上限 {limit} バイト）"), format!("it is too long (at most {limit} bytes)"))
        }
        ReadError::Damaged(why) => (format!("壊れています（{why}）"), format!("it is damaged ({why})")),
        ReadError::Disk(error) => (format!("読めません（{error}）"), format!("it cannot be read ({error})")),
    }
}
