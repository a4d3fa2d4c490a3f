//! A member: invited by mail, sets a password, finds a customer, reveals, changes, meets another's change, extracts, and
//! sees all of it in the own activity.

use super::{Demo, INVITED, MANAGER, sign_in};
use crate::walk::Walk;
use anyhow::{Context, Result, ensure};
use testkit::browser::Browser;

/// Long enough, and nobody else's.
const PASSWORD: &str = "himawari to kazaguruma 38";
/// What the member types as the customer's company; what the manager types at the same time.
const OURS: &str = "株式会社みなと第二商事";
const THEIRS: &str = "株式会社みなと第三商事";

pub async fn walk(demo: &Demo) -> Result<()> {
    let mut walk = Walk::new("member");
    let browser = demo.browser().await?;
    arrive(demo, &browser, &mut walk).await?;
    let customer = search(&browser, &mut walk).await?;
    reveal(&browser, &mut walk).await?;
    change(demo, &browser, &customer, &mut walk).await?;
    extract(&browser, &customer, &mut walk).await?;
    look_back(&browser, &customer, &mut walk).await?;
    leave(&browser).await?;
    walk.end(14)
}

/// Mail, password, sign-in; each refused once before it works.
async fn arrive(demo: &Demo, browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/demo/mail").await?;
    walk.look(browser, "mail").await?;
    let link = invitation(demo, browser, INVITED).await?;
    browser.open(&link).await?;
    walk.look(browser, "invitation").await?;
    browser.fill("パスワード", "mijikai").await?;
    browser.press("パスワードを設定する").await?;
    walk.look(browser, "invitation-refused").await?;
    browser.expect("15").await?;
    browser.fill("パスワード", PASSWORD).await?;
    browser.press("パスワードを設定する").await?;
    browser.expect("招待を受け取りました").await?;
    walk.look(browser, "signin").await?;
    sign_in(browser, INVITED, "chigau pasuwado 12345").await?;
    walk.look(browser, "signin-refused").await?;
    browser.expect_no("株式会社みなと物産").await?;
    sign_in(browser, INVITED, PASSWORD).await?;
    browser.expect("株式会社みなと物産").await?;
    walk.look(browser, "home").await?;
    // The link opens once.
    let other = demo.browser().await?;
    other.open(&link).await?;
    other.expect("このリンクは使えません").await?;
    walk.look(&other, "invitation-spent").await
}

/// The link in the newest mail to an address.
async fn invitation(demo: &Demo, browser: &Browser, email: &str) -> Result<String> {
    let text = browser.text().await?;
    let (_, mail) = text.split_once(email).with_context(|| format!("no mail to {email}:\n{text}"))?;
    let opening = format!("{}/invitation/", demo.installation.origin());
    let link = mail.split_whitespace().find(|word| word.starts_with(&opening));
    Ok(link.with_context(|| format!("the mail has no link:\n{mail}"))?.to_owned())
}

/// Finds a customer by a part of a name with a variant character; answers the customer's number.
async fn search(browser: &Browser, walk: &mut Walk) -> Result<String> {
    browser.follow("顧客一覧").await?;
    browser.expect("●").await?;
    walk.look(browser, "customers").await?;
    browser.fill("氏名", "高").await?;
    browser.press("検索する").await?;
    let found = browser.text().await?;
    walk.look(browser, "customers-found").await?;
    let number = found.split_whitespace().find(|word| is_number(word)).context("no customer was found")?.to_owned();
    browser.follow(&number).await?;
    browser.expect("●").await?;
    walk.look(browser, "customer").await?;
    Ok(number)
}

/// `K000001`.
fn is_number(word: &str) -> bool {
    word.strip_prefix('K').is_some_and(|digits| digits.len() >= 6 && digits.chars().all(|c| c.is_ascii_digit()))
}

async fn reveal(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.press("個人データを表示する").await?;
    browser.expect_no("●").await?;
    walk.look(browser, "customer-revealed").await
}

/// Changes the company while the manager changes it too: the later of the two is shown both values.
async fn change(demo: &Demo, browser: &Browser, customer: &str, walk: &mut Walk) -> Result<()> {
    let manager = demo.signed_in(MANAGER).await?;
    browser.follow("顧客を編集する").await?;
    walk.look(browser, "customer-form").await?;
    manager.open(&browser.path().await?).await?;
    manager.fill("会社名", THEIRS).await?;
    manager.press("変更を保存する").await?;
    manager.expect("保存しました").await?;
    browser.fill("会社名", OURS).await?;
    browser.press("変更を保存する").await?;
    browser.expect("ほかの人が保存しました").await?;
    browser.expect(OURS).await?;
    browser.expect(THEIRS).await?;
    walk.look(browser, "customer-conflict").await?;
    manager.open(&format!("/app/s/crm/customer?f.number={customer}")).await?;
    manager.expect(THEIRS).await?;
    browser.press("選んだ内容で保存する").await?;
    browser.expect("保存しました").await?;
    browser.expect(OURS).await?;
    walk.look(browser, "customer-saved").await
}

/// Takes the customers of a name out as CSV, and finds in it what was just saved.
async fn extract(browser: &Browser, customer: &str, walk: &mut Walk) -> Result<()> {
    browser.open(&format!("/app/s/crm/customer?f.number={customer}")).await?;
    browser.follow("抽出する").await?;
    walk.look(browser, "extraction").await?;
    browser.press_here("抽出する").await?;
    let file = std::fs::read(browser.downloaded().await?)?;
    let text = String::from_utf8(file)?;
    ensure!(text.starts_with("\u{feff}顧客番号"), "no byte order mark and labels: {text}");
    ensure!(text.contains(customer) && text.contains(OURS) && !text.contains('●'), "{text}");
    Ok(())
}

/// All of it stands in the own activity.
async fn look_back(browser: &Browser, customer: &str, walk: &mut Walk) -> Result<()> {
    browser.open("/app/activity").await?;
    for act in ["サインイン", "表示", "変更", "重なり", "抽出"] {
        browser.expect(act).await?;
    }
    browser.expect(customer).await?;
    walk.look(browser, "activity").await
}

/// After signing out nothing opens any more, and what is asked for comes back after signing in.
async fn leave(browser: &Browser) -> Result<()> {
    browser.unfold("さんのメニュー").await?;
    browser.press("サインアウトする").await?;
    browser.open("/app/activity").await?;
    ensure!(browser.path().await?.starts_with("/signin?next="), "{}", browser.path().await?);
    browser.expect_no("株式会社みなと物産").await
}
