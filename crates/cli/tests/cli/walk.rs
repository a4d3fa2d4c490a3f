//! A walk through pages: each page looked at is checked by axe at two widths and, when asked for, kept as a picture.
//! Judges at the end, so that one walk tells everything that is wrong.

use anyhow::{Result, ensure};
use std::path::PathBuf;
use testkit::browser::Browser;

/// A desk and a phone.
const WIDTHS: [u32; 2] = [1280, 375];
/// The environment's word for where pictures go; script/screenshots sets it.
const PICTURES: &str = "STRUCT_PICTURES";

/// What was found so far.
pub struct Walk {
    journey: &'static str,
    pictures: Option<PathBuf>,
    pages: usize,
    faults: Vec<String>,
}

impl Walk {
    /// Begins; pictures are named after the journey.
    pub fn new(journey: &'static str) -> Self {
        Self { journey, pictures: std::env::var_os(PICTURES).map(PathBuf::from), pages: 0, faults: Vec::new() }
    }

    /// Looks at the page that is shown.
    pub async fn look(&mut self, browser: &Browser, page: &str) -> Result<()> {
        self.pages += 1;
        for width in WIDTHS {
            browser.set_width(width).await?;
            let place = format!("{page} ({}) at {width}", browser.path().await?);
            self.faults.extend(browser.violations().await?.iter().map(|violation| format!("{place}: {violation}")));
            if browser.overflows().await? {
                self.faults.push(format!("{place}: can be scrolled sideways"));
            }
            if let Some(folder) = &self.pictures {
                let file = format!("{}-{:02}-{page}-{width}.png", self.journey, self.pages);
                std::fs::write(folder.join(file), browser.picture().await?)?;
            }
        }
        browser.set_width(WIDTHS[0]).await
    }

    /// Ends; fails with all that was wrong on at least `least` pages.
    pub fn end(self, least: usize) -> Result<()> {
        ensure!(self.pages >= least, "only {} pages were looked at", self.pages);
        ensure!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        Ok(())
    }
}
