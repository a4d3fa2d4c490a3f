//! Generated expense claims and their lines; a claim's total is what its lines add up to. Bank and registration numbers
//! are ones that can't exist.

use super::dice::Dice;
use super::person::person;
use super::{Row, Setting, weekday};
use jiff::ToSpan;
use jiff::civil::Date;

/// Lines of claims, in turn: on average three.
const LINES: [u64; 5] = [2, 4, 1, 5, 3];

/// Staff who claim.
const STAFF: u64 = 40;

const PURPOSES: &[&str] = &[
    "名古屋の取引先訪問",
    "展示会の出展",
    "大阪支店との打ち合わせ",
    "新製品発表会",
    "事務用品の購入",
    "福岡の納品立ち会い",
    "採用説明会",
    "取引先との会食",
    "倉庫の棚卸し応援",
    "資格試験の受験",
];

/// Category, item, median amount, tax rate, whether others took part.
const ITEMS: &[(&str, &str, i64, &str, bool)] = &[
    ("travel", "新幹線 東京〜名古屋 往復", 21_800, "10", false),
    ("travel", "新幹線 東京〜新大阪 片道", 14_400, "10", false),
    ("travel", "地下鉄 打ち合わせ先まで", 420, "10", false),
    ("travel", "タクシー代(終電後)", 5_200, "10", false),
    ("travel", "高速道路の料金", 3_800, "10", false),
    ("lodging", "ホテル1泊(朝食付き)", 9_800, "10", false),
    ("meeting", "会議室の利用料", 6_600, "10", false),
    ("meeting", "打ち合わせの飲み物", 1_900, "8", true),
    ("entertainment", "会食", 32_000, "10", true),
    ("entertainment", "手土産", 4_300, "8", false),
    ("supplies", "トナーカートリッジ", 12_500, "10", false),
    ("supplies", "文房具", 2_300, "10", false),
    ("supplies", "延長コードと電池", 3_100, "10", false),
    ("other", "郵便料金", 1_260, "10", false),
    ("other", "受験料", 8_800, "0", false),
];

/// The number a claim bears.
pub(crate) fn claim_number(setting: &Setting, number: u64) -> String {
    let (claimed, _) = claimed(setting, number);
    format!("E{}-{number:04}", claimed.year())
}

/// The `number`th claim, from 1.
pub(crate) fn claim(setting: &Setting, number: u64) -> Row {
    let (claimed, dice) = (&mut claimed(setting, number).0, &mut Dice::new(setting.seed, "claim", number));
    let claimant = person(&mut Dice::new(setting.seed, "staff", dice.below(STAFF)));
    let age = (setting.today - *claimed).get_days();
    let state = match age {
        0..7 => *dice.pick(&["draft", "submitted"]),
        7..40 => *dice.pick(&["submitted", "approved", "approved", "returned"]),
        _ => "paid",
    };
    let account = dice.between(0, 9_999_999);
    vec![
        ("number", claim_number(setting, number)),
        ("claimed_on", claimed.to_string()),
        ("purpose", (*dice.pick(PURPOSES)).to_owned()),
        ("state", state.to_owned()),
        ("total", spent(setting, number).iter().map(|spent| spent.amount).sum::<i64>().to_string()),
        ("bank_account", format!("見本銀行 港支店 普通 {account:07} {}", claimant.kana)),
        ("claimant", claimant.name),
        (
            "note",
            if state == "returned" {
                "領収書を添えて出し直してください".to_owned()
            } else {
                String::new()
            },
        ),
    ]
}

/// The lines of the `number`th claim, which was taken in as `claim`.
pub(crate) fn lines(setting: &Setting, number: u64, claim: &str) -> Vec<Row> {
    let row = |spent: Spent| {
        vec![
            ("item", spent.item.to_owned()),
            ("claim", claim.to_owned()),
            ("spent_on", spent.day.to_string()),
            ("category", spent.category.to_owned()),
            ("amount", spent.amount.to_string()),
            ("tax_rate", spent.tax_rate.to_owned()),
            ("registration_number", spent.registration_number),
            ("participants", spent.participants),
        ]
    };
    spent(setting, number).into_iter().map(row).collect()
}

/// How many lines the first so many claims have.
pub(crate) fn line_count(claims: u64) -> u64 {
    (1..=claims).map(lines_of).sum()
}

fn lines_of(number: u64) -> u64 {
    LINES[usize::try_from(number % LINES.len() as u64).unwrap_or_default()]
}

/// A line before it has a claim.
struct Spent {
    category: &'static str,
    item: &'static str,
    day: Date,
    amount: i64,
    tax_rate: &'static str,
    registration_number: String,
    participants: String,
}

fn spent(setting: &Setting, number: u64) -> Vec<Spent> {
    let (claimed, mut dice) = claimed(setting, number);
    let line = |_| {
        let (category, item, median, tax_rate, together) = *dice.pick(ITEMS);
        let registration = dice.between(0, 999_999_999_999);
        Spent {
            category,
            item,
            day: claimed.saturating_sub(dice.between(0, 20).days()),
            amount: dice.amount(median, 0.35, 10),
            tax_rate,
            // The first digit checks the others and is never 0.
            registration_number: if dice.chance(70) { format!("T0{registration:012}") } else { String::new() },
            participants: if together { participants(&mut dice) } else { String::new() },
        }
    };
    (0..lines_of(number)).map(line).collect()
}

fn participants(dice: &mut Dice) -> String {
    let names: Vec<String> = (0..dice.between(2, 4)).map(|_| person(dice).name).collect();
    format!("{} 計{}名", names.join("、"), names.len())
}

/// The day of a claim, and the dice its lines go on with: claim and lines are made at different times and must agree.
fn claimed(setting: &Setting, number: u64) -> (Date, Dice) {
    let mut dice = Dice::new(setting.seed, "spent", number);
    let day = weekday(setting.today.saturating_sub(dice.between(0, 700).days()));
    (day, dice)
}
