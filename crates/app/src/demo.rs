//! Fills a fresh STRUCT with two tenants, their people and 20,000 generated records, for trying things on (`struct up
//! --demo`). Adds no way of its own into the database: everything goes in as an operator or a member would do it.

mod claim;
mod company;
mod customer;
mod deal;
mod dice;
mod filling;
mod passphrase;
mod person;
mod place;
mod plan;
mod staffing;

use crate::{App, Error};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, offset};
use plan::{HOUSES, LAST_CONTRACT};
use std::sync::Arc;

/// All demos are alike, but for the day they are made on.
const SEED: u64 = 20_261_122;

/// Someone who can sign in to the demo.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// The tenant's name.
    pub tenant_name: String,
    /// The tenant's code.
    pub tenant_code: String,
    /// The role held.
    pub role_name: String,
    /// The address to sign in with.
    pub email: String,
    /// The password. The database has only its hash.
    pub password: String,
    /// How the person is called.
    pub display_name: String,
}

/// A generated record: field names and what is typed into them. Empty fields may be left out.
type Row = Vec<(&'static str, String)>;

/// What generated records depend on.
struct Setting {
    seed: u64,
    today: Date,
}

impl App {
    /// Makes the demo and returns who can sign in. Services `crm` and `expense` have to be installed, and `App::work` has
    /// to run. A demo that was interrupted is completed; one that is complete is left alone, and nobody is returned.
    pub async fn demo(self: &Arc<Self>) -> Result<Vec<DemoAccount>, Error> {
        if self.demo_is_complete().await? {
            return Ok(Vec::new());
        }
        if self.demo_mails(1).await?.is_none() {
            return Err(fault("invitations have to go to the mail folder, so leave the mail server out"));
        }
        let today = self.now().to_zoned(TimeZone::fixed(offset(9))).date();
        let mut accounts = Vec::new();
        for (seed, house) in (SEED..).zip(&HOUSES) {
            let caller = self.demo_found(house).await?;
            self.demo_staff(&caller, house).await?;
            self.demo_fill(&caller, house, &Setting { seed, today }).await?;
            self.sign_out(&caller).await?;
            accounts.extend(self.demo_accounts(house)?);
        }
        let (code, service) = LAST_CONTRACT;
        let last = self.tenants().await?.into_iter().find(|row| row.code == code).ok_or(Error::NotFound)?;
        self.contract_start(last.tenant, service, false).await?;
        Ok(accounts)
    }

    async fn demo_is_complete(&self) -> Result<bool, Error> {
        let (code, service) = LAST_CONTRACT;
        match self.tenants().await?.into_iter().find(|row| row.code == code) {
            Some(row) => Ok(self.snapshot(row.tenant).await?.services.contains_key(service)),
            None => Ok(false),
        }
    }
}

/// What keeps the demo from being made, and what to do.
fn fault(what: &str) -> Error {
    Error::Internal(format!(
        "the demo could not be made: {what}; start again, and if that does not help, start with an empty data directory"
    ))
}

/// The day, or the Friday before when it falls on a weekend: offices are closed then.
fn weekday(day: Date) -> Date {
    match day.weekday() {
        Weekday::Saturday => day.saturating_sub(1.day()),
        Weekday::Sunday => day.saturating_sub(2.days()),
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::claim::{claim, claim_number, line_count, lines};
    use super::customer::{Party, contact, customer};
    use super::deal::{Dealt, activity, deal};
    use super::*;
    use domain::record::{Values, parse_all};
    use domain::service::{Service, manifest};
    use std::collections::HashSet;

    const SETTING: Setting = Setting { seed: 7, today: jiff::civil::date(2026, 11, 22) };

    fn services() -> [Service; 2] {
        let read = |name, text| manifest::read(name, text).expect("the shipped manifest is sound");
        [
            read("crm.toml", include_str!("../../../services/crm.toml")),
            read("expense.toml", include_str!("../../../services/expense.toml")),
        ]
    }

    fn parsed(service: &Service, entity: &str, rows: impl Iterator<Item = Row>) -> Vec<Values> {
        let entity = service.entity(entity).expect("the shipped manifest has it");
        let typed = |row: Row| row.into_iter().map(|(field, value)| (field.to_owned(), value));
        rows.map(|row| parse_all(entity, typed(row.clone())).unwrap_or_else(|faults| panic!("{row:?}: {faults:?}")))
            .collect()
    }

    fn party() -> Party {
        Party { id: "0192d5a0-0000-7000-8000-000000000001".to_owned(), company: "株式会社東洋商事".to_owned() }
    }

    #[test]
    fn the_same_seed_gives_the_same_records_and_another_seed_others() {
        let other = Setting { seed: 8, ..SETTING };
        assert_eq!(customer(&SETTING, 3), customer(&SETTING, 3));
        assert_ne!(customer(&SETTING, 3)[1..], customer(&other, 3)[1..]);
        assert_ne!(customer(&SETTING, 3)[1..], customer(&SETTING, 4)[1..]);
    }

    #[test]
    fn every_generated_row_is_taken_by_the_shipped_manifests() {
        let [crm, expense] = services();
        let dealt = Dealt { id: party().id, customer: party().id };
        let customers = parsed(&crm, "customer", (1..=3_000).map(|number| customer(&SETTING, number)));
        parsed(&crm, "contact", (1..=600).map(|number| contact(&SETTING, number, &party())));
        parsed(&crm, "deal", (1..=600).map(|number| deal(&SETTING, number, &party())));
        let about = |number| (number % 2 == 0).then_some(&dealt);
        parsed(&crm, "activity", (1..=600).map(|number| activity(&SETTING, number, &party(), about(number))));
        parsed(&expense, "claim", (1..=200).map(|number| claim(&SETTING, number)));
        parsed(&expense, "line", (1..=200).flat_map(|number| lines(&SETTING, number, &party().id)));
        let numbers: HashSet<&String> = customers.iter().map(|values| &values["number"]).collect();
        assert_eq!(numbers.len(), customers.len());
    }

    #[test]
    fn names_have_the_forms_families_insist_on() {
        let names: String = (1..=3_000).map(|number| customer(&SETTING, number)[1].1.clone()).collect();
        for form in ["髙", "﨑", "𠮷", "邉"] {
            assert!(names.contains(form), "{form}");
        }
    }

    #[test]
    fn nothing_generated_lies_in_the_future_that_should_not() {
        let [crm, _] = services();
        for values in parsed(&crm, "customer", (1..=2_000).map(|number| customer(&SETTING, number))) {
            let day: Date = values["registered_on"].parse().expect("a canonical date");
            assert!(day < SETTING.today && day > SETTING.today.saturating_sub(9.years()), "{day}");
        }
    }

    #[test]
    fn a_claim_is_the_sum_of_its_lines() {
        let [_, expense] = services();
        let numbers: HashSet<String> = (1..=200).map(|number| claim_number(&SETTING, number)).collect();
        assert_eq!(numbers.len(), 200);
        for number in 1..=200 {
            let total = &parsed(&expense, "claim", std::iter::once(claim(&SETTING, number)))[0]["total"];
            let lines = parsed(&expense, "line", lines(&SETTING, number, &party().id).into_iter());
            let sum: i64 = lines.iter().map(|line| line["amount"].parse::<i64>().expect("a canonical amount")).sum();
            assert_eq!(total.parse::<i64>(), Ok(sum));
        }
    }

    #[test]
    fn the_demo_has_twenty_thousand_records() {
        let volume = |house: &plan::House| {
            let volume = &house.volume;
            let crm = volume.customers + volume.contacts + volume.deals + volume.activities;
            crm + volume.claims + line_count(volume.claims)
        };
        assert_eq!(HOUSES.iter().map(volume).sum::<u64>(), 20_000);
    }

    #[test]
    fn every_role_grants_something_and_everybody_holds_one_of_them() {
        let [crm, expense] = services();
        for house in &HOUSES {
            for (role, grants) in house.roles {
                let screens =
                    [&crm, &expense].into_iter().flat_map(|s| s.screens.iter().map(move |screen| (s, screen)));
                let opened = screens.filter(|(service, screen)| {
                    grants.iter().any(|grant| grant.on(&service.name, &screen.entity, screen.kind).0 != 0)
                });
                assert!(opened.count() > 0, "{role} grants nothing");
            }
            assert!(house.people[0].administrator && house.people[0].joined);
            for staff in house.people {
                assert!(house.roles.iter().any(|(name, _)| *name == staff.role), "{}", staff.name);
                assert!(staff.email.ends_with(".example.jp"), "{}", staff.email);
            }
        }
    }
}
