//! Generated customers and the people there. Nobody is meant by them.

use super::company::{company, department};
use super::dice::Dice;
use super::person::person;
use super::place::{any_town, mobile};
use super::{Row, Setting, weekday};
use jiff::ToSpan;

/// A customer that was taken in, to be referred to.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    /// The record's id.
    pub(crate) id: String,
    /// The company's name, or 個人のお客様.
    pub(crate) company: String,
}

const NOTES: &[&str] = &[
    "展示会で名刺交換",
    "電話は午前中のみ",
    "請求書は郵送を希望",
    "担当者変更の予定あり",
    "毎月25日締め、翌月末払い",
    "紹介元: 商工会議所",
    "見積もりは3社比較とのこと",
    "年末に大口の更新あり",
    "次回は部長が同席",
    "納品は裏口へ。駐車場なし",
    "値引き交渉中。\n次回の訪問で条件を確認する",
    "以前の社名で登録があるため名寄せ済み",
    "配送は土曜も可",
    "決算は9月",
    "＊与信の見直しが必要",
    "サンプル送付済み。感想を待っている",
];

const POSITIONS: &[&str] =
    &["部長", "課長", "係長", "主任", "担当", "代表取締役", "店長", "工場長", "次長", "室長", ""];

const CONTACT_NOTES: &[&str] =
    &["", "", "", "メールでの連絡を希望", "不在のときは総務へ", "定例会は第2火曜", "前任から引き継ぎ済み"];

/// The `number`th customer of a tenant, from 1.
pub(crate) fn customer(setting: &Setting, number: u64) -> Row {
    let dice = &mut Dice::new(setting.seed, "customer", number);
    let (person, town) = (person(dice), any_town(dice));
    let company = (!dice.chance(12)).then(|| company(dice));
    let registered = weekday(setting.today.saturating_sub(dice.between(1, 8 * 365).days()));
    let birthday = setting.today.saturating_sub(dice.between(22 * 365, 78 * 365).days());
    let domain = company.as_ref().map_or("mail.example.jp", |company| &company.domain);
    let email = if dice.chance(6) { String::new() } else { format!("{}{number}@{domain}", person.latin) };
    let phone = if company.is_none() || dice.chance(30) { mobile(dice) } else { town.phone(dice) };
    let postal_code = if dice.chance(20) { town.postal_code.replace('-', "") } else { town.postal_code.to_owned() };
    // Companies buy for more than people do.
    let amount = dice.amount(if company.is_some() { 1_800_000 } else { 90_000 }, 1.3, 100);
    vec![
        ("number", format!("K{number:06}")),
        ("name", person.name),
        ("kana", person.kana),
        ("department", company.as_ref().map(|_| department(dice).to_owned()).unwrap_or_default()),
        ("company", company.map(|company| company.name).unwrap_or_default()),
        ("email", email),
        ("phone", phone),
        ("postal_code", postal_code),
        ("prefecture", town.prefecture.to_owned()),
        ("city", town.city.to_owned()),
        ("address", town.street(dice)),
        ("birthday", if dice.chance(55) { birthday.to_string() } else { String::new() }),
        ("rank", rank(amount).to_owned()),
        ("annual_amount", amount.to_string()),
        ("registered_on", registered.to_string()),
        ("note", if dice.chance(45) { (*dice.pick(NOTES)).to_owned() } else { String::new() }),
    ]
}

/// The `number`th contact, who works at a customer.
pub(crate) fn contact(setting: &Setting, number: u64, party: &Party) -> Row {
    let dice = &mut Dice::new(setting.seed, "contact", number);
    let (person, town) = (person(dice), any_town(dice));
    vec![
        ("number", format!("P{number:05}")),
        ("customer", party.id.clone()),
        ("email", format!("{}.p{number}@example.jp", person.latin)),
        ("name", person.name),
        ("kana", person.kana),
        ("position", (*dice.pick(POSITIONS)).to_owned()),
        ("phone", if dice.chance(50) { mobile(dice) } else { town.phone(dice) }),
        ("key_person", dice.chance(30).to_string()),
        ("note", (*dice.pick(CONTACT_NOTES)).to_owned()),
    ]
}

fn rank(annual_amount: i64) -> &'static str {
    match annual_amount {
        10_000_000.. => "A",
        3_000_000.. => "B",
        500_000.. => "C",
        _ => "D",
    }
}
