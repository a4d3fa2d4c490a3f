//! An administrator: invites somebody, looks after roles and screens, imports a file, and reads who did what.

use super::{ADMINISTRATOR, Demo};
use crate::walk::Walk;
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use testkit::browser::Browser;

/// One row to be taken (with characters that get lost elsewhere), one to be refused for its day, one for its number.
const FILE: &str = "\u{feff}顧客番号,氏名,フリガナ,会社名,生年月日,備考\r\n\
    X900001,髙﨑 𠮷彦,ﾀｶｻｷ ﾖｼﾋｺ,㈱青葉,1980-02-29,=1+1\r\n\
    X900002,山本 健,ヤマモト ケン,,1981-02-29,\r\n\
    X900001,鈴木 一郎,スズキ イチロウ,,,\r\n";
/// How long three rows may take.
const IMPORT_LIMIT: Duration = Duration::from_secs(30);
/// How long checking the demo's log may take.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// How long the first measurement of the logs may take after a start, and its way to the page.
const MEASURED_LIMIT: Duration = Duration::from_secs(240);

pub async fn walk(demo: &Demo) -> Result<()> {
    let mut walk = Walk::new("administrator");
    let browser = demo.signed_in(ADMINISTRATOR).await?;
    import(&browser, &mut walk).await?;
    users(&browser, &mut walk).await?;
    rights(&browser, &mut walk).await?;
    audit(&browser, &mut walk).await?;
    log(&browser, &mut walk).await?;
    signs(&browser, &mut walk).await?;
    problems(&browser, &mut walk).await?;
    trust(&browser, &mut walk).await?;
    english(&browser, &mut walk).await?;
    walk.end(23)
}

/// A file with good and bad rows: taken, or refused with row, column and reason; found by any way of writing.
async fn import(browser: &Browser, walk: &mut Walk) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("customers.csv");
    std::fs::write(&file, FILE)?;
    browser.open("/app/s/crm/customer/import").await?;
    walk.look(browser, "import").await?;
    browser.attach("CSVファイル", &file).await?;
    browser.press("取り込みを始める").await?;
    let since = Instant::now();
    while browser.expect("終わりました").await.is_err() {
        ensure!(since.elapsed() < IMPORT_LIMIT, "the import did not end:\n{}", browser.text().await?);
        browser.open(&browser.path().await?).await?;
    }
    browser.expect("生年月日").await?;
    browser.expect("顧客番号").await?;
    walk.look(browser, "import-done").await?;
    for (field, part) in [("name", "高崎"), ("name", "吉"), ("kana", "たかさき"), ("kana", "タカサキ")] {
        browser.open(&format!("/app/s/crm/customer?f.number=X900001&f.{field}={part}")).await?;
        browser.expect("X900001").await?;
    }
    browser.open("/app/s/crm/customer?f.number=X900002").await?;
    browser.expect_no("山本").await?;
    walk.look(browser, "customers-none").await
}

/// Invites somebody, wrongly at first; the mail goes out, and the person stands in the list.
async fn users(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.follow("利用者").await?;
    browser.expect("田村 健一").await?;
    walk.look(browser, "users").await?;
    browser.follow("利用者を招待する").await?;
    walk.look(browser, "invite").await?;
    browser.fill("メールアドレス", "nakajima.aoi").await?;
    browser.fill("名前", "中島 葵").await?;
    browser.press("招待メールを送る").await?;
    ensure!(browser.value("名前").await? == "中島 葵", "what was typed is gone");
    walk.look(browser, "invite-refused").await?;
    browser.fill("メールアドレス", "nakajima.aoi@minato.example.jp").await?;
    browser.tick("閲覧").await?;
    browser.press("招待メールを送る").await?;
    browser.expect("招待メールを送りました").await?;
    browser.expect("中島 葵").await?;
    browser.follow("中島 葵").await?;
    walk.look(browser, "user").await?;
    browser.follow("利用を停止する").await?;
    walk.look(browser, "user-stop").await?;
    browser.press("利用を停止する").await?;
    browser.expect("利用を停止しました").await
}

/// A new role, a name that is taken, and the matrix.
async fn rights(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.follow("ロール").await?;
    browser.expect("営業責任者").await?;
    browser.fill("新しいロールの名前", "営業責任者").await?;
    browser.press("ロールを作る").await?;
    browser.expect("すでにあります").await?;
    walk.look(browser, "roles-refused").await?;
    browser.fill("新しいロールの名前", "監査").await?;
    browser.press("ロールを作る").await?;
    browser.expect("ロールを作りました").await?;
    walk.look(browser, "roles").await?;
    browser.follow("アクセス権").await?;
    browser.expect("顧客一覧").await?;
    browser.expect("監査").await?;
    walk.look(browser, "access").await
}

/// Who did what, of everybody, found by what was done.
async fn audit(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/app/admin/audit").await?;
    browser.expect("藤原 美咲").await?;
    walk.look(browser, "audit").await?;
    browser.choose("操作", "利用の停止").await?;
    browser.press("絞り込む").await?;
    browser.expect("中島 葵さんの利用を止めました").await?;
    browser.expect_no("取り込みを始めました").await?;
    walk.look(browser, "audit-found").await?;
    browser.unfold("詳しく").await?;
    browser.follow("ログの詳細を開く").await?;
    browser.expect("証明書をダウンロードする").await?;
    walk.look(browser, "audit-entry").await
}

/// The log itself: its checkpoint and keys, a check of all of it, where it is sent.
async fn log(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/app/admin/audit").await?;
    browser.follow("改ざん検知ログ").await?;
    browser.expect("最新のチェックポイント").await?;
    walk.look(browser, "log").await?;
    browser.press("ログ全体を検証する").await?;
    let since = Instant::now();
    while browser.expect("すべて一致しました").await.is_err() {
        ensure!(since.elapsed() < CHECK_LIMIT, "the check did not end:\n{}", browser.text().await?);
        browser.open(&browser.path().await?).await?;
    }
    walk.look(browser, "log-checked").await?;
    browser.open("/app/admin/audit/streams").await?;
    walk.look(browser, "streams").await?;
    browser.open("/app/admin/audit/extract").await?;
    walk.look(browser, "audit-extract").await
}

/// Signs of fraud, and a record's whole history.
async fn signs(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/app/admin/signs").await?;
    browser.expect("保留した抽出").await?;
    walk.look(browser, "signs").await?;
    browser.open("/app/s/crm/customer?f.number=X900001").await?;
    browser.follow("X900001").await?;
    browser.follow("履歴").await?;
    walk.look(browser, "customer-history").await
}

/// What can't be done is said as a page, not as a code.
async fn problems(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/app/s/crm/customer/0192d5a0-0000-7000-8000-000000000001").await?;
    browser.expect("ページが見つかりません").await?;
    walk.look(browser, "not-found").await
}

/// What is promised to anybody: all promises, one of them, a measurement with what proves it.
async fn trust(browser: &Browser, walk: &mut Walk) -> Result<()> {
    // By its address: the link stands at the foot of the menu, and a page that scrolls smoothly moves under a click.
    browser.open("/trust").await?;
    browser.expect("測る仕組みがまだない").await?;
    walk.look(browser, "trust").await?;
    let since = Instant::now();
    // The first check of the logs begins half a minute after the start.
    browser.open("/trust/audit.data_actions").await?;
    while browser.expect("約束のとおり").await.is_err() {
        ensure!(since.elapsed() < MEASURED_LIMIT, "the log was not measured:\n{}", browser.text().await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
        browser.open("/trust/audit.data_actions").await?;
    }
    walk.look(browser, "trust-promise").await?;
    browser.follow("証跡").await?;
    browser.expect("証明書をダウンロードする").await?;
    walk.look(browser, "trust-evidence").await?;
    browser.open("/trust?lang=en").await?;
    browser.expect("Not verified").await?;
    walk.look(browser, "trust-english").await?;
    browser.open("/app?lang=ja").await
}

async fn english(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/app/s/crm/customer?lang=en").await?;
    browser.expect("Customers").await?;
    browser.expect_no("検索する").await?;
    walk.look(browser, "customers-english").await
}
