//! `struct tenant`: making tenants, listing them, contracting services for them.

use crate::config::Config;
use crate::log::say;
use crate::operator::commander;
use anyhow::{Context as _, bail};
use app::Error;
use app::tenant::NewTenant;
use clap::Subcommand;
use domain::locale::Locale;

/// Tenants.
#[derive(Subcommand, Debug)]
pub enum Tenant {
    /// Make a tenant and invite its first administrator by mail.
    Create {
        /// Short name for commands: 2 to 31 of a-z, 0-9 and hyphen.
        code: String,
        /// The company's name.
        #[arg(long)]
        name: String,
        /// The first administrator's e-mail address.
        #[arg(long)]
        email: String,
        /// The first administrator's name.
        #[arg(long)]
        administrator: String,
        /// Licence types of the first administrator, e.g. standard.
        #[arg(long = "licence", default_value = "standard")]
        licences: Vec<String>,
        /// Language of the invitation: ja or en.
        #[arg(long, default_value = "ja", value_parser = locale)]
        lang: Locale,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List all tenants.
    List {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Contract an installed service for a tenant. Its screens stay closed until an administrator opens them.
    Contract {
        /// The tenant's code.
        code: String,
        /// The service's name.
        service: String,
        /// Open the screens as the manifest proposes.
        #[arg(long)]
        open: bool,
    },
}

fn locale(text: &str) -> Result<Locale, String> {
    Locale::parse(text).ok_or_else(|| "ja or en".to_owned())
}

/// Runs a command.
pub async fn run(config: &Config, command: Tenant) -> anyhow::Result<()> {
    let app = commander(config)?;
    match command {
        Tenant::Create { code, name, email, administrator, licences, lang, json } => {
            app.provision_platform()?;
            let new = NewTenant {
                code: code.clone(),
                name,
                email: email.clone(),
                display_name: administrator,
                billing_types: licences,
            };
            let (tenant, link) = app.tenant_create(&new, lang).await.map_err(|error| explained(error, lang))?;
            say(&if json {
                serde_json::json!({ "tenant": tenant, "code": code, "invited": email, "link": link }).to_string()
            } else {
                format!(
                    "Made the tenant {code} ({tenant}).\n{email} was invited; the link works once, within 72 hours:\n  {link}"
                )
            });
        }
        Tenant::List { json } => list(&app.tenants().await?, json),
        Tenant::Contract { code, service, open } => {
            let tenant = app.tenants().await?.into_iter().find(|row| row.code == code);
            let tenant = tenant.with_context(|| format!("there is no tenant {code}; see `struct tenant list`"))?;
            match app.contract_start(tenant.tenant, &service, open).await {
                Err(Error::NotFound) => bail!("the service {service} is not installed; see `struct service list`"),
                done => done?,
            }
            let how = if open {
                "its screens are open as proposed"
            } else {
                "its screens are closed until an administrator opens them"
            };
            say(&format!("{code} has contracted {service}; {how}."));
        }
    }
    Ok(())
}

fn list(tenants: &[store::tenant::TenantRow], json: bool) {
    if json {
        let rows: Vec<_> = tenants
            .iter()
            .map(|row| serde_json::json!({ "tenant": row.tenant, "code": row.code, "name": row.name, "created_at": row.created_at }))
            .collect();
        say(&serde_json::Value::Array(rows).to_string());
        return;
    }
    for row in tenants {
        say(&format!("{:<20} {}  {}", row.code, row.tenant, row.name));
    }
}

/// An error in a sentence, where it is the person's to mend.
fn explained(error: Error, locale: Locale) -> anyhow::Error {
    match error {
        Error::Invalid(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| fault.message(locale, &fault.field)).collect();
            anyhow::anyhow!(lines.join("\n"))
        }
        Error::Refused(app::Refusal::NameTaken) => {
            anyhow::anyhow!("the code is taken by another tenant; see `struct tenant list`")
        }
        Error::Refused(app::Refusal::MailNotSent) => {
            anyhow::anyhow!(
                "the tenant was made, but its invitation could not be mailed; check [mail] in the configuration"
            )
        }
        error => error.into(),
    }
}
