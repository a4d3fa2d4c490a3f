//! Generated deals and what was done about them. Subjects name no person, because lists show them as they are.

use super::customer::Party;
use super::dice::Dice;
use super::person::person;
use super::{Row, Setting, weekday};
use jiff::ToSpan;

/// A deal that was taken in, to be referred to.
#[derive(Clone, Debug)]
pub(crate) struct Dealt {
    /// The record's id.
    pub(crate) id: String,
    /// The customer's id.
    pub(crate) customer: String,
}

const MATTERS: &[&str] = &[
    "基幹システムの更新",
    "事務用品の年間契約",
    "倉庫の棚卸し支援",
    "複合機の入れ替え",
    "展示会の共同出展",
    "店舗改装に伴う什器",
    "輸入食材の定期便",
    "制服の一括発注",
    "配送ルートの見直し",
    "保守契約の更新",
    "研修の実施",
    "新工場向け設備",
    "名入れ商品の製作",
    "通販サイトの構築",
    "冷凍庫の追加",
];

const DEAL_NOTES: &[&str] = &[
    "",
    "",
    "予算は確保済み。稟議は来月",
    "競合は2社。納期で差をつける",
    "価格よりも保守の体制を重視",
    "先方の決算期に合わせて提案する",
    "試用の結果は良好\n本番の条件を詰める",
    "ご要望: 分割納品、検収は月末",
];

const DONE: &[(&str, &str)] = &[
    ("visit", "訪問して現状を確認"),
    ("visit", "見積もりの説明"),
    ("visit", "納品の立ち会い"),
    ("phone", "納期の問い合わせに回答"),
    ("phone", "請求内容の確認"),
    ("phone", "次回の日程調整"),
    ("mail", "資料を送付"),
    ("mail", "お礼と議事録を送付"),
    ("mail", "契約書の案を送付"),
    ("online", "製品のデモ"),
    ("online", "要件の打ち合わせ"),
    ("online", "定例会"),
    ("other", "年末のごあいさつ"),
];

const OUTCOMES: &[&str] = &[
    "前向きに検討いただけるとのこと。",
    "社内で持ち帰り、来週に回答をいただく。",
    "追加の資料を依頼された。",
    "価格が課題。条件を見直して再提案する。",
    "次回は現場の方にも同席いただく。",
    "特に問題なし。引き続きよろしくとのこと。",
];

/// The `number`th deal, with a customer.
pub(crate) fn deal(setting: &Setting, number: u64, party: &Party) -> Row {
    let dice = &mut Dice::new(setting.seed, "deal", number);
    let days = dice.between(-2 * 365, 180);
    let closes = weekday(setting.today.saturating_add(days.days()));
    let (stage, probability) = if closes < setting.today {
        *dice.pick(&[("won", 100), ("won", 100), ("lost", 0)])
    } else {
        *dice.pick(&[("lead", 10), ("lead", 20), ("proposal", 40), ("quotation", 60), ("quotation", 80)])
    };
    vec![
        ("number", format!("D{number:05}")),
        ("customer", party.id.clone()),
        ("subject", format!("{} {}", party.company, dice.pick(MATTERS))),
        ("stage", stage.to_owned()),
        ("amount", dice.amount(1_200_000, 1.1, 10_000).to_string()),
        ("probability", probability.to_string()),
        ("closes_on", closes.to_string()),
        ("note", (*dice.pick(DEAL_NOTES)).to_owned()),
    ]
}

/// The `number`th activity: about a deal of its customer, or about the customer alone.
pub(crate) fn activity(setting: &Setting, number: u64, party: &Party, dealt: Option<&Dealt>) -> Row {
    let dice = &mut Dice::new(setting.seed, "activity", number);
    let days = dice.between(-700, 20);
    let day = weekday(setting.today.saturating_add(days.days()));
    let (channel, subject) = *dice.pick(DONE);
    let customer = dealt.map_or(&party.id, |dealt| &dealt.customer);
    let with = person(dice).name;
    let (hour, minute) = (dice.between(9, 17), dice.between(0, 3) * 15);
    vec![
        ("subject", subject.to_owned()),
        ("customer", customer.clone()),
        ("deal", dealt.map(|dealt| dealt.id.clone()).unwrap_or_default()),
        ("channel", channel.to_owned()),
        // The offset is written, so that nobody has to know which zone is meant.
        ("took_place_at", format!("{day}T{hour:02}:{minute:02}:00+09:00")),
        ("content", format!("{with}様。{}", dice.pick(OUTCOMES))),
        ("done", (day < setting.today).to_string()),
    ]
}
