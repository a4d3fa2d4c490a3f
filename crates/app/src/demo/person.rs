//! Invented people: names with their readings and Latin spelling, as Japanese address books hold them. Whoever bears such
//! a name does so by chance; addresses and numbers of theirs lead nowhere (`place`).

use super::dice::Dice;

/// A generated person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Person {
    /// `髙橋 美咲`.
    pub(crate) name: String,
    /// `タカハシ ミサキ`; some offices write readings in hiragana.
    pub(crate) kana: String,
    /// `takahashi.misaki`.
    pub(crate) latin: String,
}

/// Family names, the frequent ones first.
const FAMILY: &[(&str, &str, &str)] = &[
    ("佐藤", "サトウ", "sato"),
    ("鈴木", "スズキ", "suzuki"),
    ("高橋", "タカハシ", "takahashi"),
    ("田中", "タナカ", "tanaka"),
    ("伊藤", "イトウ", "ito"),
    ("渡辺", "ワタナベ", "watanabe"),
    ("山本", "ヤマモト", "yamamoto"),
    ("中村", "ナカムラ", "nakamura"),
    ("小林", "コバヤシ", "kobayashi"),
    ("加藤", "カトウ", "kato"),
    ("吉田", "ヨシダ", "yoshida"),
    ("山田", "ヤマダ", "yamada"),
    ("山崎", "ヤマザキ", "yamazaki"),
    ("斎藤", "サイトウ", "saito"),
    ("松本", "マツモト", "matsumoto"),
    ("井上", "イノウエ", "inoue"),
    ("木村", "キムラ", "kimura"),
    ("林", "ハヤシ", "hayashi"),
    ("清水", "シミズ", "shimizu"),
    ("池田", "イケダ", "ikeda"),
    ("橋本", "ハシモト", "hashimoto"),
    ("阿部", "アベ", "abe"),
    ("石川", "イシカワ", "ishikawa"),
    ("前田", "マエダ", "maeda"),
    ("藤田", "フジタ", "fujita"),
    ("岡田", "オカダ", "okada"),
    ("後藤", "ゴトウ", "goto"),
    ("長谷川", "ハセガワ", "hasegawa"),
    ("村上", "ムラカミ", "murakami"),
    ("近藤", "コンドウ", "kondo"),
    ("石井", "イシイ", "ishii"),
    ("坂本", "サカモト", "sakamoto"),
    ("遠藤", "エンドウ", "endo"),
    ("青木", "アオキ", "aoki"),
    ("藤井", "フジイ", "fujii"),
    ("西村", "ニシムラ", "nishimura"),
    ("福田", "フクダ", "fukuda"),
    ("太田", "オオタ", "ota"),
    ("三浦", "ミウラ", "miura"),
    ("岡本", "オカモト", "okamoto"),
    ("松田", "マツダ", "matsuda"),
    ("中川", "ナカガワ", "nakagawa"),
    ("中野", "ナカノ", "nakano"),
    ("原田", "ハラダ", "harada"),
    ("小野", "オノ", "ono"),
    ("田村", "タムラ", "tamura"),
    ("竹内", "タケウチ", "takeuchi"),
    ("金子", "カネコ", "kaneko"),
    ("和田", "ワダ", "wada"),
    ("石田", "イシダ", "ishida"),
    ("宮崎", "ミヤザキ", "miyazaki"),
    ("浜田", "ハマダ", "hamada"),
    ("工藤", "クドウ", "kudo"),
    ("上野", "ウエノ", "ueno"),
    ("横山", "ヨコヤマ", "yokoyama"),
    ("野村", "ノムラ", "nomura"),
    ("大西", "オオニシ", "onishi"),
    ("高田", "タカダ", "takada"),
    ("菊地", "キクチ", "kikuchi"),
    ("五十嵐", "イガラシ", "igarashi"),
    ("東海林", "ショウジ", "shoji"),
    ("神宮寺", "ジングウジ", "jinguji"),
];

/// Given names.
const GIVEN: &[(&str, &str, &str)] = &[
    ("美咲", "ミサキ", "misaki"),
    ("健一", "ケンイチ", "kenichi"),
    ("陽子", "ヨウコ", "yoko"),
    ("翔太", "ショウタ", "shota"),
    ("由美子", "ユミコ", "yumiko"),
    ("大輔", "ダイスケ", "daisuke"),
    ("さくら", "サクラ", "sakura"),
    ("誠", "マコト", "makoto"),
    ("千尋", "チヒロ", "chihiro"),
    ("浩二", "コウジ", "koji"),
    ("真由", "マユ", "mayu"),
    ("隆", "タカシ", "takashi"),
    ("恵子", "ケイコ", "keiko"),
    ("拓也", "タクヤ", "takuya"),
    ("結衣", "ユイ", "yui"),
    ("直樹", "ナオキ", "naoki"),
    ("和子", "カズコ", "kazuko"),
    ("亮", "リョウ", "ryo"),
    ("あゆみ", "アユミ", "ayumi"),
    ("達也", "タツヤ", "tatsuya"),
    ("久美子", "クミコ", "kumiko"),
    ("雄一郎", "ユウイチロウ", "yuichiro"),
    ("葵", "アオイ", "aoi"),
    ("修", "オサム", "osamu"),
    ("奈々", "ナナ", "nana"),
    ("正樹", "マサキ", "masaki"),
    ("智子", "トモコ", "tomoko"),
    ("悠斗", "ユウト", "yuto"),
    ("みどり", "ミドリ", "midori"),
    ("俊介", "シュンスケ", "shunsuke"),
    ("遥", "ハルカ", "haruka"),
    ("英樹", "ヒデキ", "hideki"),
    ("春香", "ハルカ", "haruka"),
    ("茂", "シゲル", "shigeru"),
    ("麻衣", "マイ", "mai"),
    ("裕介", "ユウスケ", "yusuke"),
    ("幸子", "サチコ", "sachiko"),
    ("実", "ミノル", "minoru"),
    ("ひかる", "ヒカル", "hikaru"),
    ("康平", "コウヘイ", "kohei"),
    ("早紀", "サキ", "saki"),
    ("豊", "ユタカ", "yutaka"),
    ("純", "ジュン", "jun"),
    ("理恵", "リエ", "rie"),
];

/// Forms of kanji that families insist on, for the usual form.
const INSISTED: &[(&str, &[&str])] = &[
    ("高", &["髙"]),
    ("崎", &["﨑", "碕"]),
    ("辺", &["邉", "邊"]),
    ("吉", &["𠮷"]),
    ("斎", &["齋", "齊", "斉"]),
    ("浜", &["濵", "濱"]),
];

/// A person.
pub(crate) fn person(dice: &mut Dice) -> Person {
    let (family, family_kana, family_latin) = *dice.pick_early(FAMILY);
    let (given, given_kana, given_latin) = *dice.pick(GIVEN);
    let kana = format!("{family_kana} {given_kana}");
    Person {
        name: format!("{} {given}", insisted(dice, family)),
        kana: if dice.chance(4) { hiragana(&kana) } else { kana },
        latin: format!("{family_latin}.{given_latin}"),
    }
}

/// The family's own form of its name, for every fourth family that has one.
fn insisted(dice: &mut Dice, family: &str) -> String {
    match INSISTED.iter().find(|(usual, _)| family.contains(usual)) {
        Some((usual, forms)) if dice.chance(25) => family.replace(usual, dice.pick::<&str>(forms)),
        _ => family.to_owned(),
    }
}

fn hiragana(katakana: &str) -> String {
    let lower = |c| if matches!(c, 'ァ'..='ヶ') { char::from_u32(c as u32 - 0x60).unwrap_or(c) } else { c };
    katakana.chars().map(lower).collect()
}
