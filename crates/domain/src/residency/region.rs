//! Regions: the names that providers give to places, and the place each of them means. A closed list; asks nobody.

/// Where data is kept when the operator allows nothing else.
pub const DEFAULT: &str = "jp-east";

/// A place data can be in, by the name STRUCT uses, with the names that providers use for it.
#[derive(PartialEq, Eq, Debug)]
pub struct Region {
    /// STRUCT's own name for it: a country, with a part of it where that matters.
    pub name: &'static str,
    /// Names of AWS, Azure, Google Cloud, Oracle, IBM and Sakura.
    pub aliases: &'static [&'static str],
}

const fn region(name: &'static str, aliases: &'static [&'static str]) -> Region {
    Region { name, aliases }
}

/// All of them. Those outside Japan are there so that a sink in one is told by its place, not as a mistake in writing.
pub const ALL: &[Region] = &[
    region("jp-east", &["ap-northeast-1", "japaneast", "asia-northeast1", "ap-tokyo-1", "jp-tok", "tk1a", "tk1b"]),
    region("jp-west", &["ap-northeast-3", "japanwest", "asia-northeast2", "ap-osaka-1", "jp-osa"]),
    region("jp-north", &["is1a", "is1b", "is1c"]),
    region("kr", &["ap-northeast-2", "koreacentral", "koreasouth", "asia-northeast3", "ap-seoul-1", "ap-chuncheon-1"]),
    region("tw", &["ap-east-2", "taiwannorth", "asia-east1"]),
    region("hk", &["ap-east-1", "eastasia", "asia-east2"]),
    region("sg", &["ap-southeast-1", "southeastasia", "asia-southeast1", "ap-singapore-1"]),
    region(
        "in",
        &["ap-south-1", "ap-south-2", "centralindia", "southindia", "westindia", "asia-south1", "asia-south2"],
    ),
    region(
        "au",
        &["ap-southeast-2", "ap-southeast-4", "australiaeast", "australiasoutheast", "australia-southeast1", "au-syd"],
    ),
    region(
        "us-east",
        &["us-east-1", "us-east-2", "eastus", "eastus2", "us-east1", "us-east4", "us-east5", "us-ashburn-1"],
    ),
    region("us-central", &["centralus", "northcentralus", "southcentralus", "us-central1", "us-south1", "us-south"]),
    region(
        "us-west",
        &["us-west-1", "us-west-2", "westus", "westus2", "westus3", "us-west1", "us-west2", "us-phoenix-1"],
    ),
    region("ca", &["ca-central-1", "ca-west-1", "canadacentral", "canadaeast", "northamerica-northeast1", "ca-tor"]),
    region("ie", &["eu-west-1", "northeurope"]),
    region("gb", &["eu-west-2", "uksouth", "ukwest", "europe-west2", "uk-london-1", "eu-gb"]),
    region("fr", &["eu-west-3", "francecentral", "francesouth", "europe-west9", "eu-paris-1"]),
    region("de", &["eu-central-1", "germanywestcentral", "europe-west3", "eu-frankfurt-1", "eu-de"]),
    region("nl", &["westeurope", "europe-west4", "eu-amsterdam-1"]),
    region("ch", &["eu-central-2", "switzerlandnorth", "europe-west6", "eu-zurich-1"]),
    region("se", &["eu-north-1", "swedencentral", "europe-north2", "eu-stockholm-1"]),
    region("br", &["sa-east-1", "brazilsouth", "southamerica-east1", "sa-saopaulo-1", "br-sao"]),
];

/// A name that means no place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no region that STRUCT knows; write one of {names}, or a provider's name such as ap-northeast-1, japaneast or asia-northeast1", names = names())]
pub struct UnknownRegion(pub String);

fn names() -> String {
    ALL.iter().map(|region| region.name).collect::<Vec<_>>().join(", ")
}

impl Region {
    /// The place that a name means, whoever's name it is. Case and surrounding blanks don't matter.
    pub fn find(name: &str) -> Result<&'static Self, UnknownRegion> {
        let wanted = name.trim().to_ascii_lowercase();
        ALL.iter()
            .find(|region| region.name == wanted || region.aliases.contains(&wanted.as_str()))
            .ok_or_else(|| UnknownRegion(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_that_means_no_place_is_refused_with_those_that_do() {
        for name in ["", "jp", "tokyo", "ap-northeast-9", "japan east", "jp-east-1"] {
            let said = Region::find(name).expect_err(name).to_string();
            assert!(said.contains("jp-east") && said.contains("japaneast"), "{said}");
        }
    }

    #[test]
    fn names_of_providers_mean_the_same_place() {
        for name in ["jp-east", "ap-northeast-1", "JapanEast", " asia-northeast1 "] {
            assert_eq!(Region::find(name).map(|region| region.name), Ok("jp-east"), "{name}");
        }
        for name in ["ap-northeast-3", "japanwest", "asia-northeast2"] {
            assert_eq!(Region::find(name).map(|region| region.name), Ok("jp-west"), "{name}");
        }
        // Google's us-east1 and Amazon's us-east-1 are written alike; Google's us-west1 is not Amazon's us-west-1.
        assert_eq!(Region::find("us-east-1").map(|region| region.name), Ok("us-east"));
    }

    #[test]
    fn no_name_means_two_places() {
        let mut seen = BTreeSet::new();
        for region in ALL {
            for name in std::iter::once(&region.name).chain(region.aliases) {
                assert!(seen.insert(*name), "{name} stands there twice");
                assert_eq!(name.to_ascii_lowercase(), *name, "names are compared in small letters");
            }
        }
        assert!(Region::find(DEFAULT).is_ok());
    }
}
