//! The Japanese of the help and of mistakes on the command line. A test holds it to every argument there is.

use clap::error::{ContextKind, ErrorKind};

/// Commands and arguments by name, with their help.
const HELP: [(&str, &str); 20] = [
    ("log", "ダウンロードしたログを確かめます（すべての記録と、公開されたすべてのチェックポイント）"),
    ("proof", "記録一件の証明書（.tlog-proof）を確かめます。取り出したファイルとも比べられます"),
    ("bench", "このパソコンでの速さを測ります"),
    ("help", "使い方を表示します"),
    ("lang", "表示する言語（ja または en）[省略時: 環境の言語]"),
    ("json", "結果を JSON で表示します（プログラム用）"),
    ("keys", "ログの公開鍵（vkey）。別の手段で受け取ったものを渡します。繰り返せます"),
    ("key_files", "ログの公開鍵を1行に1つ書いたファイル。繰り返せます"),
    ("witnesses", "署名しているはずの証人の公開鍵。繰り返せます"),
    ("quorum", "署名が必要な証人の数 [省略時: 全員]"),
    ("path", "ログ（ダウンロードした zip、またはそれを展開したフォルダー）"),
    ("earlier", "以前に受け取って保管してある、このログのチェックポイント。繰り返せます"),
    ("platform", "プラットフォームのログ（このログより先にダウンロードしたもの）"),
    ("platform_keys", "プラットフォームのログの公開鍵。繰り返せます"),
    ("threads", "並行して使う数 [省略時: プロセッサーの数]"),
    ("file", "記録一件の証明書（.tlog-proof）"),
    ("extraction", "取り出したファイル。取り出しが終わった記録と比べます"),
    ("raw", "測定の元の値。証跡（測定の記録）と比べます"),
    ("leaves", "作って確かめるログの件数"),
    ("folder", "作業用の空のフォルダー（1件あたり約1 kB）"),
];
const ABOUT: &str = "STRUCT のログ・証明書・取り出したファイルを、通信もログインもせずに確かめます。";
const AFTER: &str = "終了コード: 0 確かめられた / 1 確かめられない（改ざん・欠落・不一致。問題を一つずつ示します）/ \
                     2 検査できない（ファイルがない・読めない、指定が正しくない）\n\
                     言語は LC_ALL・LC_MESSAGES・LANG に従います。";
const TEMPLATE: &str = "{about}\n\n使い方: {usage}\n\n{all-args}{after-help}";

fn help_of(name: &str) -> Option<&'static str> {
    HELP.iter().find(|(known, _)| *known == name).map(|(_, help)| *help)
}

/// The command with Japanese help.
pub(super) fn translate(command: clap::Command) -> clap::Command {
    let version = flag("version", 'V', "版を表示します", clap::ArgAction::Version);
    translate_one(command.about(ABOUT).after_help(AFTER).disable_help_subcommand(true))
        .disable_version_flag(true)
        .arg(version)
        .subcommand_help_heading("コマンド")
        .mut_subcommands(|command| {
            let about = help_of(command.get_name()).unwrap_or(ABOUT);
            translate_one(command.about(about))
        })
}

fn translate_one(command: clap::Command) -> clap::Command {
    let command = command.help_template(TEMPLATE).disable_help_flag(true).mut_args(|argument| {
        let heading = if argument.is_positional() { "対象" } else { "オプション" };
        let help = help_of(argument.get_id().as_str()).unwrap_or_default();
        let argument = argument.help(help).help_heading(heading);
        // A flag has no values to hide.
        match argument.get_action().takes_values() {
            true => argument.hide_default_value(true).hide_possible_values(true),
            false => argument,
        }
    });
    command.arg(flag("help", 'h', "使い方を表示します", clap::ArgAction::Help))
}

fn flag(name: &'static str, short: char, help: &'static str, action: clap::ArgAction) -> clap::Arg {
    clap::Arg::new(name).short(short).long(name).help(help).action(action).help_heading("オプション")
}

/// What was wrong with the command line.
pub(super) fn mistake(error: &clap::Error) -> String {
    let named = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let argument = named(ContextKind::InvalidArg);
    let said = match error.kind() {
        ErrorKind::UnknownArgument => format!("{argument} という指定はありません。"),
        ErrorKind::InvalidSubcommand => {
            format!("{} というコマンドはありません。", named(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} を指定してください。"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "コマンド（log または proof）を指定してください。".to_owned()
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{argument} に「{}」は指定できません。", named(ContextKind::InvalidValue))
        }
        _ => "指定が正しくありません。".to_owned(),
    };
    format!("{said}\n使い方は struct-verify --help で表示します。\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_and_argument_is_explained_in_japanese() {
        let command = crate::arguments::Arguments::command();
        for one in std::iter::once(&command).chain(command.get_subcommands()) {
            for argument in one.get_arguments() {
                assert!(help_of(argument.get_id().as_str()).is_some(), "{}", argument.get_id());
            }
        }
        assert!(command.get_subcommands().all(|one| help_of(one.get_name()).is_some()));
    }
}
