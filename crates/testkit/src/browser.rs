//! A real browser, driven as a person drives it: by labels and button texts, never by ids or classes. Knows nothing of
//! STRUCT's pages; the journeys are in the tests of `cli`.

mod axe;
mod devtools;
mod driver;

pub use axe::Violation;
pub use driver::Driver;

use anyhow::{Context, Result, ensure};
use devtools::Devtools;
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How long a download may take to arrive.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60);
/// How long a page may take to come, on a busy machine.
const PAGE_LIMIT: Duration = Duration::from_secs(60);
/// How often something is looked for.
const PAUSE: Duration = Duration::from_millis(50);

/// One signed-in person's browser: its own profile, its own cookies.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    origin: String,
    folder: TempDir,
}

impl Browser {
    /// Opens a path of the installation, such as `/app`, or a whole address.
    pub async fn open(&self, path: &str) -> Result<()> {
        let address = if path.starts_with('/') { format!("{}{path}", self.origin) } else { path.to_owned() };
        self.client.goto(&address).await.with_context(|| format!("cannot open {address}"))
    }

    /// The path and query of the page shown.
    pub async fn path(&self) -> Result<String> {
        let address = self.client.current_url().await?;
        let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", address.path()))
    }

    /// What a person reads on the page.
    pub async fn text(&self) -> Result<String> {
        Ok(self.client.find(Locator::Css("body")).await?.text().await?)
    }

    /// Fails with the page's text when it doesn't say `wanted`.
    pub async fn expect(&self, wanted: &str) -> Result<()> {
        let text = self.text().await?;
        ensure!(text.contains(wanted), "{} does not say 「{wanted}」:\n{text}", self.path().await?);
        Ok(())
    }

    /// Fails with the page's text when it says `unwanted`.
    pub async fn expect_no(&self, unwanted: &str) -> Result<()> {
        let text = self.text().await?;
        ensure!(!text.contains(unwanted), "{} says 「{unwanted}」:\n{text}", self.path().await?);
        Ok(())
    }

    /// Replaces what stands in the control whose label begins with `label`.
    pub async fn fill(&self, label: &str, value: &str) -> Result<()> {
        let control = self.labelled(label).await?;
        control.clear().await?;
        control.send_keys(value).await.with_context(|| format!("cannot fill 「{label}」"))
    }

    /// Chooses the option of the labelled control by its text.
    pub async fn choose(&self, label: &str, option: &str) -> Result<()> {
        let control = self.labelled(label).await?;
        control.select_by_label(option).await.with_context(|| format!("「{label}」 has no 「{option}」"))
    }

    /// Puts a file of this machine into the labelled control.
    pub async fn attach(&self, label: &str, file: &Path) -> Result<()> {
        Ok(self.labelled(label).await?.send_keys(&file.display().to_string()).await?)
    }

    /// Ticks a box or picks a radio button by its label.
    pub async fn tick(&self, label: &str) -> Result<()> {
        let path = format!("//label[starts-with(normalize-space(.), {})]", quoted(label));
        self.click_one(&[path], label).await
    }

    /// What stands in the labelled control.
    pub async fn value(&self, label: &str) -> Result<String> {
        Ok(self.labelled(label).await?.prop("value").await?.unwrap_or_default())
    }

    /// Presses the button whose text is or contains `text`, and waits for the page it leads to.
    pub async fn press(&self, text: &str) -> Result<()> {
        self.mark().await?;
        self.press_here(text).await?;
        self.arrive(text).await
    }

    /// Presses a button that leads to no page, such as one that starts a download.
    pub async fn press_here(&self, text: &str) -> Result<()> {
        let quoted = quoted(text);
        // A button out of sight, which only makes Enter work, is not what a person presses.
        let exact = format!("//button[normalize-space(.) = {quoted} and not(@aria-hidden)]");
        let loose = format!("//button[contains(normalize-space(.), {quoted}) and not(@aria-hidden)]");
        self.click_one(&[exact, loose], text).await
    }

    /// Follows the link whose text is or contains `text`, and waits for the page it leads to.
    pub async fn follow(&self, text: &str) -> Result<()> {
        let quoted = quoted(text);
        let exact = format!("//a[normalize-space(.) = {quoted}]");
        let loose = format!("//a[contains(normalize-space(.), {quoted})]");
        self.mark().await?;
        self.click_one(&[exact, loose], text).await?;
        self.arrive(text).await
    }

    /// Opens what is folded under a heading that contains `text` (a `<summary>`, whose words may be for the ear only).
    pub async fn unfold(&self, text: &str) -> Result<()> {
        self.click_one(&[format!("//summary[contains(., {})]", quoted(text))], text).await
    }

    /// The addresses of all links of the page into this installation, in order.
    pub async fn links(&self) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))";
        Ok(serde_json::from_value(self.client.execute(script, vec![]).await?)?)
    }

    /// Shows the page as on a screen of this width in CSS pixels (a window of headless Chromium cannot be narrower
    /// than 500, so the metrics are set instead of the window).
    pub async fn set_width(&self, width: u32) -> Result<()> {
        let height = if width < 500 { 812 } else { 900 };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
    }

    /// What axe finds wrong with the page as it is shown now.
    pub async fn violations(&self) -> Result<Vec<Violation>> {
        axe::run(&self.client).await
    }

    /// Whether the page can be scrolled sideways, which no page should need.
    pub async fn overflows(&self) -> Result<bool> {
        let script = "const page = document.documentElement; return page.scrollWidth > page.clientWidth";
        Ok(self.client.execute(script, vec![]).await? == Value::Bool(true))
    }

    /// A PNG of the whole page.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let shot = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await?;
        let text = shot["data"].as_str().context("a screenshot has data")?;
        devtools::bytes(text)
    }

    /// The one file that has been downloaded since the last call, when it is complete.
    pub async fn downloaded(&self) -> Result<PathBuf> {
        let folder = self.folder.path().join("downloads");
        let looking = async {
            loop {
                let found = std::fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path()));
                let complete = |path: &PathBuf| path.extension().is_none_or(|ending| ending != "crdownload");
                let files: Vec<PathBuf> = found.collect();
                if let ([file], true) = (files.as_slice(), files.iter().all(complete)) {
                    let taken = self.folder.path().join(file.file_name().context("a download has a name")?);
                    std::fs::rename(file, &taken)?;
                    return Ok(taken);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(DOWNLOAD_LIMIT, looking).await.context("no download arrived")?
    }

    /// Closes the window. Without it the driver closes it when it ends.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.clone().close().await?)
    }

    /// Marks the page, to be told apart from the one that comes next.
    async fn mark(&self) -> Result<()> {
        Ok(self.client.execute("window.isLeft = true", vec![]).await.map(drop)?)
    }

    /// Waits until a page without the mark is complete: a click answers before the server has.
    async fn arrive(&self, from: &str) -> Result<()> {
        let arriving = async {
            let script = "return !window.isLeft && document.readyState === 'complete'";
            // Between two pages there is none to ask.
            while !matches!(self.client.execute(script, vec![]).await, Ok(Value::Bool(true))) {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PAGE_LIMIT, arriving).await.with_context(|| format!("「{from}」 led to no page"))
    }

    async fn labelled(&self, label: &str) -> Result<Element> {
        let text = quoted(label);
        // Exactly so labelled, or else with a mark such as ※必須 behind it.
        for test in [format!("normalize-space(.) = {text}"), format!("starts-with(normalize-space(.), {text})")] {
            let within = format!("//label[{test}]");
            let control = format!("//*[@id = {within}/@for] | {within}//input | {within}//select");
            if let Some(element) = self.client.find_all(Locator::XPath(&control)).await?.into_iter().next() {
                return Ok(element);
            }
        }
        anyhow::bail!("{} has nothing labelled 「{label}」:\n{}", self.path().await?, self.text().await?)
    }

    async fn click_one(&self, paths: &[String], text: &str) -> Result<()> {
        for path in paths {
            for element in self.client.find_all(Locator::XPath(path)).await? {
                if element.is_displayed().await? {
                    return element.click().await.with_context(|| format!("cannot click 「{text}」"));
                }
            }
        }
        anyhow::bail!("{} shows nothing to click called 「{text}」:\n{}", self.path().await?, self.text().await?)
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Result<Value> {
        Ok(self.client.issue_cmd(Devtools { command, parameters }).await?)
    }
}

/// Text as an XPath literal, whichever quotes it contains.
fn quoted(text: &str) -> String {
    let parts: Vec<String> = text.split('"').map(|part| format!("\"{part}\"")).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        many => format!("concat({})", many.join(", '\"', ")),
    }
}
