//! Places: towns with their real postal codes, and telephone numbers that nobody has. Names no building that exists.

use super::dice::Dice;

/// A town.
#[derive(Debug)]
pub(crate) struct Town {
    /// 都道府県.
    pub(crate) prefecture: &'static str,
    /// 市区町村.
    pub(crate) city: &'static str,
    /// 町域.
    pub(crate) town: &'static str,
    /// `105-0014`.
    pub(crate) postal_code: &'static str,
    /// 市外局番.
    area_code: &'static str,
}

const fn town(
    prefecture: &'static str,
    city: &'static str,
    town: &'static str,
    postal_code: &'static str,
    area_code: &'static str,
) -> Town {
    Town { prefecture, city, town, postal_code, area_code }
}

/// Where customers are; most of them in the first third.
const TOWNS: &[Town] = &[
    town("東京都", "港区", "芝", "105-0014", "03"),
    town("東京都", "千代田区", "神田神保町", "101-0051", "03"),
    town("東京都", "中央区", "日本橋", "103-0027", "03"),
    town("東京都", "新宿区", "西新宿", "160-0023", "03"),
    town("東京都", "江東区", "豊洲", "135-0061", "03"),
    town("東京都", "品川区", "西五反田", "141-0031", "03"),
    town("大阪府", "大阪市中央区", "本町", "541-0053", "06"),
    town("大阪府", "大阪市北区", "梅田", "530-0001", "06"),
    town("神奈川県", "横浜市中区", "山下町", "231-0023", "045"),
    town("愛知県", "名古屋市中区", "栄", "460-0008", "052"),
    town("福岡県", "福岡市博多区", "博多駅前", "812-0011", "092"),
    town("東京都", "中央区", "銀座", "104-0061", "03"),
    town("東京都", "渋谷区", "道玄坂", "150-0043", "03"),
    town("東京都", "豊島区", "東池袋", "170-0013", "03"),
    town("神奈川県", "川崎市川崎区", "駅前本町", "210-0007", "044"),
    town("埼玉県", "さいたま市大宮区", "桜木町", "330-0854", "048"),
    town("千葉県", "千葉市中央区", "新町", "260-0028", "043"),
    town("北海道", "札幌市中央区", "大通西", "060-0042", "011"),
    town("宮城県", "仙台市青葉区", "中央", "980-0021", "022"),
    town("兵庫県", "神戸市中央区", "三宮町", "650-0021", "078"),
    town("広島県", "広島市中区", "紙屋町", "730-0031", "082"),
    town("東京都", "立川市", "曙町", "190-0012", "042"),
    town("東京都", "八王子市", "旭町", "192-0083", "042"),
    town("神奈川県", "横浜市西区", "みなとみらい", "220-0012", "045"),
    town("埼玉県", "川越市", "脇田町", "350-1122", "049"),
    town("千葉県", "船橋市", "本町", "273-0005", "047"),
    town("愛知県", "名古屋市中村区", "名駅", "450-0002", "052"),
    town("大阪府", "大阪市浪速区", "難波中", "556-0011", "06"),
    town("福岡県", "福岡市中央区", "天神", "810-0001", "092"),
    town("北海道", "函館市", "若松町", "040-0063", "0138"),
    town("青森県", "青森市", "新町", "030-0801", "017"),
    town("岩手県", "盛岡市", "大通", "020-0022", "019"),
    town("秋田県", "秋田市", "中通", "010-0001", "018"),
    town("山形県", "山形市", "香澄町", "990-0039", "023"),
    town("福島県", "郡山市", "駅前", "963-8002", "024"),
    town("茨城県", "水戸市", "宮町", "310-0015", "029"),
    town("栃木県", "宇都宮市", "駅前通り", "321-0964", "028"),
    town("群馬県", "高崎市", "八島町", "370-0849", "027"),
    town("新潟県", "新潟市中央区", "東大通", "950-0087", "025"),
    town("富山県", "富山市", "桜町", "930-0003", "076"),
    town("石川県", "金沢市", "広岡", "920-0031", "076"),
    town("福井県", "福井市", "中央", "910-0006", "0776"),
    town("山梨県", "甲府市", "丸の内", "400-0031", "055"),
    town("長野県", "長野市", "南千歳", "380-0823", "026"),
    town("長野県", "松本市", "中央", "390-0811", "0263"),
    town("岐阜県", "岐阜市", "神田町", "500-8833", "058"),
    town("静岡県", "静岡市葵区", "黒金町", "420-0851", "054"),
    town("静岡県", "浜松市中央区", "鍛冶町", "430-0933", "053"),
    town("三重県", "四日市市", "諏訪栄町", "510-0086", "059"),
    town("滋賀県", "大津市", "中央", "520-0043", "077"),
    town("京都府", "宇治市", "宇治", "611-0021", "0774"),
    town("大阪府", "堺市堺区", "三国ヶ丘御幸通", "590-0028", "072"),
    town("兵庫県", "姫路市", "駅前町", "670-0927", "079"),
    town("奈良県", "奈良市", "三条本町", "630-8122", "0742"),
    town("和歌山県", "和歌山市", "友田町", "640-8342", "073"),
    town("鳥取県", "鳥取市", "栄町", "680-0831", "0857"),
    town("島根県", "松江市", "朝日町", "690-0003", "0852"),
    town("岡山県", "岡山市北区", "駅元町", "700-0024", "086"),
    town("広島県", "福山市", "三之丸町", "720-0066", "084"),
    town("山口県", "下関市", "竹崎町", "750-0025", "083"),
    town("徳島県", "徳島市", "寺島本町西", "770-0831", "088"),
    town("香川県", "高松市", "浜ノ町", "760-0011", "087"),
    town("愛媛県", "松山市", "大街道", "790-0004", "089"),
    town("高知県", "高知市", "北本町", "780-0056", "088"),
    town("福岡県", "北九州市小倉北区", "浅野", "802-0001", "093"),
    town("佐賀県", "佐賀市", "駅前中央", "840-0801", "0952"),
    town("長崎県", "長崎市", "大黒町", "850-0057", "095"),
    town("熊本県", "熊本市中央区", "下通", "860-0807", "096"),
    town("大分県", "大分市", "要町", "870-0831", "097"),
    town("宮崎県", "宮崎市", "広島", "880-0806", "0985"),
    town("鹿児島県", "鹿児島市", "中央町", "890-0053", "099"),
    town("沖縄県", "那覇市", "久茂地", "900-0015", "098"),
];

const BUILDINGS: &[&str] = &["第一ビル", "サンライズビル", "中央会館", "みどりビル", "駅前センタービル", "ハイツ若葉"];

/// A town.
pub(crate) fn any_town(dice: &mut Dice) -> &'static Town {
    dice.pick_early(TOWNS)
}

impl Town {
    /// 町域番地, every fifth with a building.
    pub(crate) fn street(&self, dice: &mut Dice) -> String {
        let street = format!("{}{}-{}-{}", self.town, dice.between(1, 6), dice.between(1, 24), dice.between(1, 30));
        if dice.chance(20) {
            return format!("{street} {} {}F", dice.pick(BUILDINGS), dice.between(1, 12));
        }
        street
    }

    /// A number of the town. Its exchange begins with 0, which no exchange in Japan does, so nobody's telephone rings.
    pub(crate) fn phone(&self, dice: &mut Dice) -> String {
        let exchange = 6 - self.area_code.len();
        let inside = 10_i64.pow(u32::try_from(exchange - 1).unwrap_or_default()) - 1;
        let (middle, last) = (dice.between(0, inside), dice.between(0, 9_999));
        format!("{}-0{middle:0width$}-{last:04}", self.area_code, width = exchange - 1)
    }
}

/// A mobile number; no carrier has numbers whose fourth digit is 0. Some people write it without hyphens.
pub(crate) fn mobile(dice: &mut Dice) -> String {
    let prefix = dice.pick(&["090", "080", "070"]);
    let (middle, last) = (dice.between(0, 999), dice.between(0, 9_999));
    let hyphen = if dice.chance(15) { "" } else { "-" };
    format!("{prefix}{hyphen}0{middle:03}{hyphen}{last:04}")
}
