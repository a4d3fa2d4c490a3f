//! Invented companies, with the domain their people write from. A company of the same name is one by chance.

use super::dice::Dice;

const NAMES: &[(&str, &str)] = &[
    ("みずほの", "mizuhono"),
    ("東洋", "toyo"),
    ("日の出", "hinode"),
    ("若葉", "wakaba"),
    ("大和田", "owada"),
    ("共立", "kyoritsu"),
    ("北斗", "hokuto"),
    ("さつき", "satsuki"),
    ("八千代", "yachiyo"),
    ("山吹", "yamabuki"),
    ("明星", "myojo"),
    ("青山", "aoyama"),
    ("白鳥", "shiratori"),
    ("三ツ葉", "mitsuba"),
    ("朝日野", "asahino"),
    ("こだま", "kodama"),
    ("光洋", "koyo"),
    ("松風", "matsukaze"),
    ("新栄", "shinei"),
    ("瀬戸", "seto"),
    ("武蔵", "musashi"),
    ("ひまわり", "himawari"),
    ("千歳", "chitose"),
    ("丸一", "maruichi"),
    ("富士見", "fujimi"),
    ("アルプス", "alps"),
    ("南海", "nankai"),
    ("桜丘", "sakuragaoka"),
    ("髙松", "takamatsu"),
    ("𠮷野", "yoshino"),
    ("セントラル", "central"),
    ("ｱｸｱ", "aqua"),
];

const TRADES: &[(&str, &str)] = &[
    ("商事", "shoji"),
    ("工業", "kogyo"),
    ("物産", "bussan"),
    ("建設", "kensetsu"),
    ("運輸", "unyu"),
    ("製作所", "seisakusho"),
    ("食品", "foods"),
    ("印刷", "print"),
    ("システム", "systems"),
    ("不動産", "estate"),
    ("電機", "denki"),
    ("薬品", "yakuhin"),
    ("ホールディングス", "hd"),
    ("水産", "suisan"),
    ("設計", "design"),
];

const DEPARTMENTS: &[&str] = &[
    "営業部",
    "総務部",
    "購買部",
    "経理課",
    "情報システム部",
    "製造部",
    "人事課",
    "企画室",
    "営業第二課",
    "品質管理部",
    "物流センター",
    "管理本部",
];

/// A generated company.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Company {
    /// `株式会社東洋商事`.
    pub(crate) name: String,
    /// `toyo-shoji.example.jp`: a domain reserved for examples.
    pub(crate) domain: String,
}

/// A company.
pub(crate) fn company(dice: &mut Dice) -> Company {
    let ((name, latin), (trade, trade_latin)) = (*dice.pick(NAMES), *dice.pick(TRADES));
    let name = match dice.below(10) {
        0..=4 => format!("株式会社{name}{trade}"),
        5..=6 => format!("{name}{trade}株式会社"),
        7 => format!("有限会社{name}{trade}"),
        8 => format!("合同会社{name}{trade}"),
        _ => format!("{name}{trade}協同組合"),
    };
    Company { name, domain: format!("{latin}-{trade_latin}.example.jp") }
}

/// A department of one.
pub(crate) fn department(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(DEPARTMENTS)
}
