//! The journeys people make, in a real browser, on the demo: what they see, that it is right, and that axe finds nothing.
//! Rights and entries one by one are tested in `web` and `app`.

mod administrator;
mod member;
mod operator;
mod owner;

use crate::STRUCT;
use anyhow::{Context, Result};
use testkit::browser::{Browser, Driver};
use testkit::installation::Installation;

/// Administrator of the first tenant.
const ADMINISTRATOR: &str = "fujiwara.misaki@minato.example.jp";
/// May do everything with customers.
const MANAGER: &str = "tamura.kenichi@minato.example.jp";
/// Sells: views, registers, changes, extracts. Invited, and has not come yet.
const INVITED: &str = "onishi.sakura@minato.example.jp";

/// A demo that runs, and browsers to visit it with.
struct Demo {
    installation: Installation,
    driver: Driver,
}

impl Demo {
    fn start() -> Result<Self> {
        let mut installation = Installation::new(STRUCT, &["--demo"])?;
        installation.start()?;
        Ok(Self { installation, driver: Driver::start()? })
    }

    async fn browser(&self) -> Result<Browser> {
        self.driver.browser(&self.installation.origin()).await
    }

    /// The password printed beside an address.
    fn password(&self, email: &str) -> Result<String> {
        let said = self.installation.said();
        let line = said.lines().find_map(|line| line.trim().strip_prefix(email));
        Ok(line.with_context(|| format!("no account of {email}:\n{said}"))?.trim().to_owned())
    }

    /// A browser in which the owner of the address is signed in.
    async fn signed_in(&self, email: &str) -> Result<Browser> {
        let browser = self.browser().await?;
        browser.open("/signin").await?;
        sign_in(&browser, email, &self.password(email)?).await?;
        browser.expect("アクティビティ").await?;
        Ok(browser)
    }
}

/// Fills and sends the sign-in form that is shown.
async fn sign_in(browser: &Browser, email: &str, password: &str) -> Result<()> {
    browser.fill("メールアドレス", email).await?;
    browser.fill("パスワード", password).await?;
    browser.press("サインインする").await
}

#[tokio::test]
async fn journey_of_a_member_from_the_invitation_to_the_own_activity() -> Result<()> {
    member::walk(&Demo::start()?).await
}

#[tokio::test]
async fn journey_of_an_administrator_from_an_invitation_to_the_audit_log() -> Result<()> {
    administrator::walk(&Demo::start()?).await
}

#[tokio::test]
async fn journey_of_an_owner_whose_password_somebody_else_has() -> Result<()> {
    owner::walk(&Demo::start()?).await
}

#[tokio::test]
async fn journey_of_an_operator_from_the_first_start_to_the_first_drill() -> Result<()> {
    operator::walk().await
}
