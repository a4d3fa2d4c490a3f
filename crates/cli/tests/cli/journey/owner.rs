//! An owner whose password somebody else has: told of a new device by mail, says that it was not them, sets a new password,
//! looks at the devices signed in; an administrator lifts the stop.

use super::{ADMINISTRATOR, Demo, MANAGER, sign_in};
use crate::walk::Walk;
use anyhow::{Context, Result};
use testkit::browser::Browser;

/// Long enough, and nobody else's.
const PASSWORD: &str = "asagao to furin 47 kaze";

pub async fn walk(demo: &Demo) -> Result<()> {
    let mut walk = Walk::new("owner");
    let thief = demo.signed_in(MANAGER).await?;
    let owner = demo.browser().await?;
    disown(demo, &owner, &mut walk).await?;
    // The thief's next click leads to the sign-in.
    thief.open("/app/activity").await?;
    thief.expect("サインインする").await?;
    recover(demo, &owner, &mut walk).await?;
    sign_in(&owner, MANAGER, PASSWORD).await?;
    owner.expect("アクティビティ").await?;
    owner.open("/app/sessions").await?;
    owner.expect("この端末").await?;
    walk.look(&owner, "sessions").await?;
    owner.open("/app/address").await?;
    walk.look(&owner, "address").await?;
    owner.open("/app/s/crm/customer/extract").await?;
    owner.expect("抽出と権限の変更は停止中です").await?;
    walk.look(&owner, "frozen").await?;
    lift(demo, &mut walk).await?;
    owner.open("/app/s/crm/customer/extract").await?;
    owner.expect_no("停止中").await?;
    walk.end(9)
}

/// The mail comes by itself; looking at its page does nothing, the button does.
async fn disown(demo: &Demo, owner: &Browser, walk: &mut Walk) -> Result<()> {
    owner.open("/demo/mail").await?;
    owner.expect("新しい端末でサインインがありました").await?;
    let link = link(demo, owner, "device").await?;
    owner.open(&link).await?;
    walk.look(owner, "device").await?;
    owner.press("身に覚えがない").await?;
    owner.expect("すべての端末からサインアウトさせました").await?;
    walk.look(owner, "device-done").await
}

async fn recover(demo: &Demo, owner: &Browser, walk: &mut Walk) -> Result<()> {
    owner.follow("パスワードの再設定").await?;
    walk.look(owner, "recovery").await?;
    owner.fill("メールアドレス", MANAGER).await?;
    owner.press("再設定のメールを送る").await?;
    owner.expect("メールを確かめてください").await?;
    walk.look(owner, "recovery-asked").await?;
    owner.open("/demo/mail").await?;
    owner.expect("パスワードの再設定").await?;
    let link = link(demo, owner, "recovery").await?;
    owner.open(&link).await?;
    walk.look(owner, "recovery-set").await?;
    owner.fill("新しいパスワード", PASSWORD).await?;
    owner.press("パスワードを設定する").await?;
    owner.expect("新しいパスワードを設定しました").await
}

async fn lift(demo: &Demo, walk: &mut Walk) -> Result<()> {
    let administrator = demo.signed_in(ADMINISTRATOR).await?;
    administrator.open("/app/admin/users").await?;
    administrator.follow("田村").await?;
    administrator.expect("この人の抽出と権限の変更を止めています").await?;
    walk.look(&administrator, "member-frozen").await?;
    administrator.press("停止を解除する").await?;
    administrator.expect("停止を解除しました").await
}

/// The newest link of a kind among the mails shown.
async fn link(demo: &Demo, browser: &Browser, kind: &str) -> Result<String> {
    let text = browser.text().await?;
    let opening = format!("{}/{kind}/", demo.installation.origin());
    let link = text.split_whitespace().find(|word| word.starts_with(&opening));
    Ok(link.with_context(|| format!("no mail about {kind}:\n{text}"))?.to_owned())
}
