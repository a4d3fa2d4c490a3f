//! The tools of the tests, tried on pages with planted faults: a check that cannot fail proves nothing. STRUCT's own
//! pages are looked at in the tests of `cli`.

use anyhow::Result;
use std::time::Duration;
use testkit::browser::Driver;

/// A page without a fault, with a form, in which faults are planted.
const PAGE: &str = "<!doctype html><html lang=ja><title>受付</title><meta name=viewport content='width=device-width'>\
    <body><header>STRUCT</header><main><h1>受付</h1><p>ここに書きます。</p>\
    <form><label for=a>氏名</label><input id=a name=a><label for=b>氏名(カナ)</label><input id=b name=b>\
    <button>登録する</button></form><ul><li><a href='#x'>戻る</a></li></ul></main>";

fn page(more: &str) -> String {
    let html = format!("{PAGE}{more}");
    let encoded: String = html.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("data:text/html;charset=utf-8,{encoded}")
}

#[tokio::test]
async fn axe_finds_a_planted_fault_and_nothing_in_a_page_without() -> Result<()> {
    let driver = Driver::start()?;
    let browser = driver.browser("https://localhost").await?;
    for width in [1280, 375] {
        browser.set_width(width).await?;
        browser.open(&page("")).await?;
        assert_eq!(browser.violations().await?, [], "at {width}");
        assert!(!browser.overflows().await?);
        browser.open(&page("<main><img src=x><p style='color:#bbb'>薄い</p></main>")).await?;
        let broken: Vec<String> = browser.violations().await?.into_iter().map(|violation| violation.rule).collect();
        assert!(broken.contains(&"image-alt".into()) && broken.contains(&"color-contrast".into()), "{broken:?}");
        browser.open(&page("<p style='width:3000px'>広い</p>")).await?;
        assert!(browser.overflows().await?, "at {width}");
    }
    Ok(())
}

#[tokio::test]
async fn a_control_is_found_by_its_label_and_by_nothing_else() -> Result<()> {
    let driver = Driver::start()?;
    let browser = driver.browser("https://localhost").await?;
    browser.open(&page("")).await?;
    browser.fill("氏名(カナ)", "ヤマモト").await?;
    browser.fill("氏名", "山本 \"健\"").await?;
    assert_eq!(browser.value("氏名").await?, "山本 \"健\"");
    assert_eq!(browser.value("氏名(カナ)").await?, "ヤマモト");
    assert!(browser.fill("住所", "x").await.is_err());
    assert!(browser.press("やめる").await.is_err());
    assert!(browser.expect("受付").await.is_ok() && browser.expect("ありません").await.is_err());
    assert!(browser.expect_no("ありません").await.is_ok() && browser.expect_no("受付").await.is_err());
    Ok(())
}

#[tokio::test]
async fn two_browsers_share_nothing_and_end_with_the_driver() -> Result<()> {
    let driver = Driver::start()?;
    let (one, other) = (driver.browser("https://localhost").await?, driver.browser("https://localhost").await?);
    one.open(&page("<p>一</p>")).await?;
    other.open(&page("<p>二</p>")).await?;
    one.expect_no("二").await?;
    drop(driver);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(one.text().await.is_err() && other.text().await.is_err());
    Ok(())
}
