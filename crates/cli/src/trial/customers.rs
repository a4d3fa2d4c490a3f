//! Made-up customers: any number of them, always the same ones, shaped like those companies keep in spreadsheets. Some
//! names are common and some are rare, as in life. Nobody's data.

use hyper::body::Bytes;
use std::fmt::Write as _;
use std::ops::Range;

/// Rows of one piece of a file while it is sent.
const PIECE_ROWS: u64 = 200;

/// The headings of a file of customers.
const HEADINGS: &str = "顧客番号,氏名,フリガナ,会社名,部署,メールアドレス,電話番号,郵便番号,都道府県,市区町村,町域番地,生年月日,ランク,年間取引額,登録日,備考\r\n";

const FAMILIES: [(&str, &str); 48] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("山田", "ヤマダ"),
    ("佐々木", "ササキ"),
    ("山口", "ヤマグチ"),
    ("松本", "マツモト"),
    ("井上", "イノウエ"),
    ("木村", "キムラ"),
    ("林", "ハヤシ"),
    ("清水", "シミズ"),
    ("池田", "イケダ"),
    ("橋本", "ハシモト"),
    ("阿部", "アベ"),
    ("石川", "イシカワ"),
    ("森", "モリ"),
    ("前田", "マエダ"),
    ("藤田", "フジタ"),
    ("小川", "オガワ"),
    ("岡田", "オカダ"),
    ("後藤", "ゴトウ"),
    ("長谷川", "ハセガワ"),
    ("村上", "ムラカミ"),
    ("近藤", "コンドウ"),
    ("石井", "イシイ"),
    ("坂本", "サカモト"),
    ("遠藤", "エンドウ"),
    ("青木", "アオキ"),
    ("藤井", "フジイ"),
    ("西村", "ニシムラ"),
    ("福田", "フクダ"),
    ("太田", "オオタ"),
    ("三浦", "ミウラ"),
    ("岡本", "オカモト"),
    ("松田", "マツダ"),
    ("中川", "ナカガワ"),
    ("五十嵐", "イガラシ"),
    ("東海林", "ショウジ"),
    ("勅使河原", "テシガワラ"),
    ("小鳥遊", "タカナシ"),
];
const GIVEN: [(&str, &str); 26] = [
    ("大", "ダイ"),
    ("和", "カズ"),
    ("直", "ナオ"),
    ("健", "ケン"),
    ("智", "トモ"),
    ("美", "ミ"),
    ("由", "ユ"),
    ("恵", "ケイ"),
    ("裕", "ユウ"),
    ("真", "マ"),
    ("千", "チ"),
    ("正", "マサ"),
    ("義", "ヨシ"),
    ("拓", "タク"),
    ("俊", "トシ"),
    ("麻", "アサ"),
    ("彩", "アヤ"),
    ("菜", "ナ"),
    ("悠", "ハル"),
    ("陽", "ヨウ"),
    ("明", "アキ"),
    ("久", "ヒサ"),
    ("光", "ミツ"),
    ("清", "キヨ"),
    ("春", "シュン"),
    ("亮", "リョウ"),
];
const GIVEN_ENDS: [(&str, &str); 22] = [
    ("子", "コ"),
    ("美", "ミ"),
    ("郎", "ロウ"),
    ("也", "ヤ"),
    ("介", "スケ"),
    ("樹", "キ"),
    ("人", "ト"),
    ("香", "カ"),
    ("代", "ヨ"),
    ("江", "エ"),
    ("平", "ヘイ"),
    ("太", "タ"),
    ("輔", "スケ"),
    ("奈", "ナ"),
    ("彦", "ヒコ"),
    ("男", "オ"),
    ("之", "ユキ"),
    ("織", "オリ"),
    ("衣", "エ"),
    ("斗", "ト"),
    ("穂", "ホ"),
    ("紀", "キ"),
];
const GIVEN_IN_KANA: [(&str, &str); 8] = [
    ("さくら", "サクラ"),
    ("ひかり", "ヒカリ"),
    ("さゆり", "サユリ"),
    ("あかね", "アカネ"),
    ("みのる", "ミノル"),
    ("かおり", "カオリ"),
    ("まさる", "マサル"),
    ("ひろし", "ヒロシ"),
];
const TRADES: [&str; 10] = ["物産", "システム", "製作所", "商店", "運輸", "建設", "食品", "化学工業", "不動産", "印刷"];
const DEPARTMENTS: [&str; 6] = ["営業部", "総務部", "購買部", "情報システム部", "経理部", "開発部"];
const PLACES: [(&str, &str, &str); 8] = [
    ("東京都", "千代田区", "丸の内"),
    ("大阪府", "大阪市北区", "梅田"),
    ("愛知県", "名古屋市中区", "栄"),
    ("北海道", "札幌市中央区", "北一条西"),
    ("福岡県", "福岡市博多区", "博多駅前"),
    ("宮城県", "仙台市青葉区", "中央"),
    ("石川県", "小松市", "尾小屋町"),
    ("広島県", "広島市中区", "紙屋町"),
];
const NOTES: [&str; 4] =
    ["年賀状は不要", "請求書は郵送を希望", "担当者の変更あり。次回訪問時に確認する", "展示会で名刺を交換"];

/// A customer's values, by field.
pub struct Customer {
    /// Name, then value; empty ones are left out.
    pub values: Vec<(&'static str, String)>,
}

/// The customer of that number. `code` begins the unique customer number.
pub fn customer(code: &str, number: u64) -> Customer {
    let mut dice = Dice(number.wrapping_add(0x5354_5255_4354));
    let (family, family_kana) = dice.rarer(&FAMILIES);
    let (given, given_kana) = given_name(&mut dice);
    let (prefecture, city, town) = *dice.one(&PLACES);
    let trade = dice.one(&TRADES);
    let (owner, _) = dice.rarer(&FAMILIES);
    let mut values = vec![
        ("number", format!("{code}{number:07}")),
        ("name", format!("{family} {given}")),
        ("kana", format!("{family_kana} {given_kana}")),
        ("company", format!("株式会社{owner}{trade}")),
        ("department", (*dice.one(&DEPARTMENTS)).to_owned()),
        ("email", format!("customer{number}@example.jp")),
        ("phone", format!("0{}-{:04}-{:04}", dice.below(9) + 1, dice.below(10_000), dice.below(10_000))),
        ("postal_code", format!("{:03}-{:04}", dice.below(1_000), dice.below(10_000))),
        ("prefecture", prefecture.to_owned()),
        ("city", city.to_owned()),
        ("address", format!("{town}{}-{}-{}", dice.below(9) + 1, dice.below(30) + 1, dice.below(20) + 1)),
        ("birthday", format!("{}-{:02}-{:02}", 1940 + dice.below(65), dice.below(12) + 1, dice.below(28) + 1)),
        ("rank", (*dice.one(&["A", "B", "C", "D"])).to_owned()),
        // Counts up, so that a condition takes out exactly so many.
        ("annual_amount", number.to_string()),
        ("registered_on", format!("{}-{:02}-{:02}", 2015 + dice.below(11), dice.below(12) + 1, dice.below(28) + 1)),
    ];
    if dice.below(3) == 0 {
        values.push(("note", (*dice.one(&NOTES)).to_owned()));
    }
    Customer { values }
}

impl Customer {
    /// As the API takes it.
    pub fn document(&self) -> String {
        let values: serde_json::Map<String, serde_json::Value> =
            self.values.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        serde_json::json!({ "values": values }).to_string()
    }

    /// As a row of a file. No value here needs quotes.
    fn push_row(&self, file: &mut String) {
        for (place, (_, value)) in self.values.iter().enumerate() {
            let _ = write!(file, "{}{value}", if place > 0 { "," } else { "" });
        }
        // The note comes last and may be missing.
        file.push_str(if self.values.last().is_some_and(|(name, _)| *name == "note") { "\r\n" } else { ",\r\n" });
    }
}

/// A CSV file of customers with these numbers, in pieces made as they are asked for.
pub fn file(code: String, numbers: Range<u64>) -> impl Iterator<Item = Bytes> + Send {
    let starts = numbers.clone().step_by(usize::try_from(PIECE_ROWS).unwrap_or(1));
    let pieces = starts.map(move |start| {
        let mut piece = String::new();
        for number in start..(start + PIECE_ROWS).min(numbers.end) {
            customer(&code, number).push_row(&mut piece);
        }
        Bytes::from(piece)
    });
    std::iter::once(Bytes::from_static(HEADINGS.as_bytes())).chain(pieces)
}

fn given_name(dice: &mut Dice) -> (String, String) {
    if dice.below(12) == 0 {
        let (name, kana) = *dice.one(&GIVEN_IN_KANA);
        return (name.to_owned(), kana.to_owned());
    }
    let ((first, first_kana), (end, end_kana)) = (dice.rarer(&GIVEN), dice.rarer(&GIVEN_ENDS));
    (format!("{first}{end}"), format!("{first_kana}{end_kana}"))
}

/// Numbers that look random and are the same every time (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of 0, 1, … up to but not including `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Any of them, all alike.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let place = self.below(of.len() as u64);
        &of[usize::try_from(place).unwrap_or_default()]
    }

    /// One of them, the later the rarer.
    fn rarer<T: Copy>(&mut self, of: &[T]) -> T {
        let reach = self.below(of.len() as u64) + 1;
        let place = self.below(reach);
        of[usize::try_from(place).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_customer_and_another_is_another() {
        assert_eq!(customer("C", 7).values, customer("C", 7).values);
        assert_ne!(customer("C", 7).document(), customer("C", 8).document());
    }

    #[test]
    fn a_file_has_its_headings_and_every_row_once() {
        let file: Vec<u8> = file("C".to_owned(), 1..451).flatten().collect();
        let text = String::from_utf8(file).unwrap();
        let columns = |line: &str| line.split(',').count();
        assert_eq!(text.lines().count(), 451);
        assert!(text.lines().all(|line| columns(line) == columns(HEADINGS)), "{text}");
        assert!(text.contains("\nC0000001,") && text.contains("\nC0000450,") && !text.contains("C0000451"));
    }
}
