//! Variant kanji and the common form each is searched by.
//!
//! Not for storing or showing: to its bearer 髙橋 is not 高橋, and a register must never change one into the other.
//! Searching is different. Whoever looks for a customer has heard the name, or types what the input method offers
//! first, while the other side was typed from a form, came as CP932, or was copied from a PDF. Finding a person too
//! many costs a glance; not finding the one who is there costs a second record of the same person. So folding errs
//! towards finding, within this bound: forms are folded only if they are the same character written differently.
//! Look-alikes and sound-alikes with a life of their own stay apart (崎 埼 碕, 坂 阪, 島 嶼, 荘 庄, 畑 畠, 圭 珪).
//!
//! Where the pairs come from: old forms in the official list of kanji for general use (常用漢字表), both annexes of kanji
//! for given names (戸籍法施行規則 別表第二), the IBM extensions of CP932, and variants frequent in surnames.
//! Two known cases go further, as users expect: 斉 and 斎 are different characters that every register mixes up in
//! 斉藤/斎藤, so they are one here; and 弁, 予, 余, 芸, 欠 stand for several old forms, as in the official list.
//!
//! Compatibility ideographs (U+F900–FAFF: 神 塚 祥 and most others) need no row, as NFKC folds them before. Those
//! of the twelve in that block that Unicode leaves alone (﨑 is one) and that are variants do; so do the radicals of
//! U+2E80–2EFF that text copied from PDF files has in place of kanji.

use std::sync::LazyLock;

/// Groups: the common form first, then every variant. A character stands in one group only.
const GROUPS: &str = "
亜亞 悪惡 圧壓 囲圍 医醫 為爲 壱壹 稲稻 飲飮 隠隱 営營 栄榮 衛衞 駅驛 円圓 塩鹽 縁緣 艶艷豔
応應 欧歐 殴毆 桜櫻 奥奧 横橫 温溫 穏穩 仮假 価價 画畫 会會 回囘囬 懐懷 壊壞 絵繪 概槪 拡擴
殻殼 覚覺 学學斈 岳嶽 楽樂 渇渴 勧勸 巻卷 寛寬 歓歡 観觀 関關闗 陥陷 間閒 顔顏 既旣 帰歸 気氣
亀龜⻲ 偽僞 戯戲 犠犧 吉𠮷 却卻 旧舊 拠據 挙擧舉 虚虛 峡峽 挟挾 狭狹 郷鄕鄉 教敎 強强 暁曉 区區
駆驅駈 勲勳勛 薫薰 径徑 恵惠 掲揭 渓溪谿 経經 蛍螢 軽輕 継繼 鶏鷄雞 芸藝 撃擊 欠缺 倹儉 券劵
剣劍剱劔劒釼 圏圈 検檢 権權 献獻 県縣 研硏 険險 顕顯 験驗 厳嚴 戸戶 呉吳吴 娯娛 効效 広廣 恒恆
鉱鑛礦 黄黃⻩ 号號 国國圀 穀糓 黒黑 砕碎 済濟 斉齊斎齋亝斊斋⻫ 剤劑 冊册 雑雜襍 参參 桟棧 蚕蠶
惨慘 賛贊 残殘 産產 糸絲 歯齒⻭ 児兒 辞辭 湿濕 実實 舎舍 写寫 釈釋 寿壽夀 収收 渋澁澀 獣獸 従從
縦縱 粛肅 処處 叙敍敘 将將 奨獎奬 称稱 焼燒 証證 条條 状狀 乗乘 浄淨 剰剩 畳疊疉疂 縄繩 壌壤
嬢孃 譲讓 醸釀 触觸 嘱囑 寝寢 慎愼 真眞 尽盡 図圖 粋粹 酔醉 穂穗 随隨 髄髓 枢樞 数數 瀬瀨 声聲
静靜 税稅 窃竊 摂攝 説說 絶絕 専專 浅淺 戦戰 践踐 銭錢 潜潛 繊纖纎 禅禪 双雙 壮壯 争爭 荘莊
捜搜 挿插揷 巣巢 曽曾 痩瘦 装裝 総總 騒騷 増增 蔵藏 臓臟 即卽 属屬 続續 堕墮 体體 対對 帯帶
滞滯 台臺 滝瀧 択擇 沢澤 担擔 単單 胆膽 団團 弾彈 断斷 痴癡 遅遲 昼晝 虫蟲 鋳鑄 庁廳廰 徴徵
聴聽 勅敕 鎮鎭 逓遞 鉄鐵鐡銕鉃 点點 転轉 伝傳 灯燈 当當 党黨 盗盜 島嶋嶌隝隯﨩 闘鬪鬭 徳德悳惪
独獨 読讀 届屆 弐貳貮 内內 悩惱 脳腦 覇霸 拝拜 廃廢 売賣 麦麥⻨ 発發 髪髮 抜拔 蛮蠻 秘祕 姫姬
浜濱濵 瓶甁 仏佛 払拂 並竝 併倂 餅餠 塀屛 変變 辺邊邉 弁辨瓣辯辧 歩步 宝寶寳 豊豐 褒襃 没沒 翻飜
毎每 満滿 万萬 脈脉 麺麵 黙默 野埜壄 弥彌 訳譯 薬藥 予豫 余餘 与與 誉譽 揺搖 様樣 謡謠 来來
頼賴 乱亂 覧覽 竜龍⻯ 両兩 猟獵 緑綠 涙淚 塁壘 励勵 礼禮 霊靈 隷隸 齢齡 暦曆 歴歷 恋戀 錬鍊
炉爐 労勞 楼樓 郎郞 録錄 湾灣 鋭銳 閲閱 悦悅 脱脫 清淸 青靑⻘ 尚尙 戻戾 氷冰 衆眾 填塡 剥剝
頬頰 叱𠮟 隣鄰 裏裡 繋繫 鴎鷗 噛嚙 嚢囊 侠俠 倶俱 掻搔 掴摑 祷禱 蝋蠟 蝉蟬 躯軀 醤醬 麹麴 騨驒
顛顚 涜瀆 莱萊 蒋蔣 箪簞 繍繡綉 焔焰 瑶瑤 桧檜 槙槇 祢禰 禄祿 穣穰 萌萠 遥遙 亘亙 凛凜 巌巖
尭堯 晃晄 呑吞 妍姸 屡屢 砺礪 鯵鰺 鴬鶯 高髙 崎﨑嵜㟢 富冨 峰峯 館舘 園薗 杯盃 涼凉 淵渕渊
橋槗𣘺 土圡𡈽 桑桒 柳栁桺 柏栢 松柗枩 栃杤 梅楳槑 杉杦 枡桝 栗㮚 秋穐龝 和龢咊 曹曺 裴裵 賢贒
輝煇 熙凞熈煕 鶴靏靍鸖 欅﨔 返﨤 昇曻 昂昻 宜冝 風凬 哲喆悊 鉛鈆 羨羡 密宻 船舩 面靣 穎頴 雁鴈
刃刄 臥卧 厦廈 厩廐廏 厨廚 叡睿 詠咏 器噐 壺壷 婿壻聟 卯夘 多夛 本夲 姉姊 爾尓尒 紙帋 迪廸 彦彥
悴忰 協恊 博愽 晋晉 曳曵 朗朖 朶朵 傑杰 毘毗 沖冲 決决 況况 湧涌 灌潅 闊濶 炯烱 煙烟 床牀 妙玅
珍珎 留畄畱 畝畆畒 皐皋 蓋盖葢 奇竒 竪豎 筍笋 纏纒 翠翆 聡聰聦 舗舖 芦蘆 花芲 薮藪 蕊蘂 蘇蘓
虎乕⻁ 蝿蠅 諫諌 讃讚 賎賤 轟軣 輛輌 達逹 逃迯 村邨 鈎鉤 鎖鎻 靱靭 頸頚 飾餝 鬱欝 鼠鼡 歳歲
庵菴 兎兔 寃冤 携攜擕 窓窗窻 嘗甞 寧寗 場塲 梨棃 唖啞 喩喻 往徃 潔㓗 兌兊 弯彎 溌潑 籠篭 鹸鹼
櫟檪 鵞鵝 韮韭 邇迩 西⻄ 長⻑ 角⻆ 食⻝ 鬼⻤ 民⺠ 飛⻜
";

static SORTED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut pairs: Vec<(char, char)> = pairs().collect();
    pairs.sort_unstable();
    pairs
});

/// The common form of a variant; any other character is its own.
pub(crate) fn common(c: char) -> char {
    SORTED.binary_search_by_key(&c, |(variant, _)| *variant).map_or(c, |at| SORTED[at].1)
}

/// Every variant with its common form.
fn pairs() -> impl Iterator<Item = (char, char)> {
    GROUPS.split_whitespace().flat_map(|group| {
        let mut characters = group.chars();
        let first = characters.next().expect("white space never splits off an empty group");
        characters.map(move |variant| (variant, first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn no_character_stands_in_two_groups() {
        let all: Vec<char> = GROUPS.chars().filter(|c| !c.is_whitespace()).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len());
    }

    #[test]
    fn every_group_has_a_variant_that_reaches_the_table() {
        assert!(GROUPS.split_whitespace().all(|group| group.chars().nth(1).is_some()));
        for (variant, first) in pairs() {
            for c in [variant, first] {
                assert!(c.nfkc().eq([c]), "NFKC folds U+{:04X} before", u32::from(c));
            }
        }
    }

    #[test]
    fn look_alikes_and_sound_alikes_stay_apart() {
        for c in "崎埼碕坂阪荘庄畑畠圭珪島嶼土士祇祗杮柿".chars() {
            assert_eq!(common(c), c);
        }
    }
}
