//! An operator on the first day: the promises that prove themselves stand on the public page with figures of this machine, and the
//! console shows backups, the log, and the first drill. Nothing is prepared for it but `struct up --demo`.
#![allow(clippy::disallowed_methods, reason = "a command is run as an operator runs it")]

use crate::STRUCT;
use crate::walk::Walk;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::browser::{Browser, Driver};
use testkit::installation::Installation;

/// Those that have evidence from the first day on.
const PROVEN: [&str; 7] = [
    "backup.differential",
    "backup.log",
    "residency.region",
    "sealing.transport",
    "vulnerability.encrypted_connections",
    "audit.data_actions",
    "trust.page",
];
/// How long that may take at most, the first drill included, on a busy machine and in an unoptimised build.
const PROVEN_LIMIT: Duration = Duration::from_secs(480);
/// Visitors make STRUCT read its evidence anew once in a while; more often than this says nothing new.
const PAUSE: Duration = Duration::from_secs(5);

pub async fn walk() -> Result<()> {
    let ops = format!("127.0.0.1:{}", free_port()?);
    let mut installation = Installation::new(STRUCT, &["--demo", "--backup", "on", "--ops", &ops])?;
    installation.start()?;
    let driver = Driver::start()?;
    let mut walk = Walk::new("operator");
    proven(&installation).await?;
    public(&driver.browser(&installation.origin()).await?, &mut walk).await?;
    console(
        &driver.browser(&format!("https://{}", ops.replace("127.0.0.1", "localhost"))).await?,
        &installation,
        &ops,
        &mut walk,
    )
    .await?;
    ensure!(installation.stop()?.success());
    walk.end(7)
}

/// Waits until each of them is met; fails with what the page says of those that are not.
async fn proven(installation: &Installation) -> Result<()> {
    let since = Instant::now();
    loop {
        let answer = installation.visit("/trust.json")?.text;
        let from = answer.find('{').with_context(|| format!("no document: {answer}"))?;
        let document: Value = serde_json::from_str(&answer[from..])?;
        let promises = document["promises"].as_array().context("promises")?;
        let open: Vec<&Value> = promises
            .iter()
            .filter(|promise| PROVEN.iter().any(|id| promise["id"] == *id) && promise["state"] != "met")
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        ensure!(since.elapsed() < PROVEN_LIMIT, "not proven: {open:#?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// What anybody sees: figures, not words.
async fn public(browser: &Browser, walk: &mut Walk) -> Result<()> {
    browser.open("/trust").await?;
    browser.expect_no("達成していない約束").await?;
    walk.look(browser, "trust").await?;
    for promise in ["backup.differential", "backup.log", "residency.region", "sealing.transport"] {
        browser.open(&format!("/trust/{promise}")).await?;
        browser.expect("約束のとおり").await?;
        walk.look(browser, promise).await?;
    }
    Ok(())
}

/// The link of the command line, once; then the console.
async fn console(browser: &Browser, installation: &Installation, ops: &str, walk: &mut Walk) -> Result<()> {
    let link = link(installation, ops)?;
    let path = link.find("/enter/").map(|place| &link[place..]).context("a link leads somewhere")?;
    browser.open(path).await?;
    browser.press("運用コンソールに入る").await?;
    browser.expect("全体の状況").await?;
    walk.look(browser, "console").await?;
    browser.open(path).await?;
    browser.expect("このリンクは使えません").await?;
    browser.open("/backup").await?;
    browser.expect("最後の復元訓練").await?;
    browser.expect_no("まだありません").await?;
    walk.look(browser, "backup").await?;
    browser.open("/backup?lang=en").await?;
    walk.look(browser, "backup-english").await
}

fn link(installation: &Installation, ops: &str) -> Result<String> {
    let mut command = Command::new(STRUCT);
    command
        .args(["ops", "link", "--json", "--ops", ops, "--name", "運用 太郎", "--data-dir"])
        .arg(installation.folder());
    let done = command.output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: Value = serde_json::from_slice(&done.stdout)?;
    Ok(said["link"].as_str().context("a link")?.to_owned())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
