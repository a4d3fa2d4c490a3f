//! What keeps the register from saying that all data is where it may be: as a finding for pages, and in a sentence with the
//! lines to add for whoever runs STRUCT. Decides nothing.

use super::{Purpose, Region, Register, Said, Sink};
use crate::evidence::Finding;

/// Something that is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nobody says in which region this machine is.
    MachineUndeclared,
    /// This machine is where no data may be.
    MachineOutside {
        /// Where it is.
        region: &'static Region,
    },
    /// Nobody says in which region a sink is.
    Undeclared(Sink),
    /// A sink is where no data may be.
    Outside {
        /// The sink.
        sink: Sink,
        /// Where it is.
        region: &'static Region,
    },
    /// The service says another region than the operator.
    Contradicted {
        /// The sink, with the declared region.
        sink: Sink,
        /// What the service says, in its words.
        told: String,
    },
}

impl Fault {
    /// The sink it is about; none for the machine.
    pub fn sink(&self) -> Option<&Sink> {
        match self {
            Self::MachineUndeclared | Self::MachineOutside { .. } => None,
            Self::Undeclared(sink) | Self::Outside { sink, .. } | Self::Contradicted { sink, .. } => Some(sink),
        }
    }

    fn finding(&self, allowed: &str) -> Finding {
        let about = |finding: Finding, sink: &Sink| {
            finding.text("purpose", sink.purpose.code()).text("address", &sink.address.to_string())
        };
        match self {
            Self::MachineUndeclared => Finding::new("machine_undeclared"),
            Self::MachineOutside { region } => {
                Finding::new("machine_outside").text("region", region.name).text("allowed", allowed)
            }
            Self::Undeclared(sink) => about(Finding::new("sink_undeclared"), sink),
            Self::Outside { sink, region } => {
                about(Finding::new("sink_outside"), sink).text("region", region.name).text("allowed", allowed)
            }
            Self::Contradicted { sink, told } => {
                let region = sink.region.map_or("", |region| region.name);
                about(Finding::new("sink_contradicted"), sink).text("region", region).text("told", told)
            }
        }
    }

    /// In a sentence, with what to do.
    pub fn advice(&self, allowed: &[&'static Region]) -> String {
        let place = allowed.first().map_or(super::DEFAULT_REGION, |region| region.name);
        match self {
            Self::MachineUndeclared => format!(
                "Nobody says in which region this machine is. If it is in {place}, say so:\n\n  [residency]\n  region = \"{place}\""
            ),
            Self::MachineOutside { region } => format!(
                "This machine is in {}, where no data may be ([residency] region). Data may be in {}; to allow this one, add it to `allowed` of [residency].",
                region.name,
                names(allowed)
            ),
            Self::Undeclared(sink) => format!(
                "{} goes to {}, and nobody says in which region that is. Find out; if it is in {place}, say so:\n\n  [[residency.sink]]\n  address = {:?}\n  region = \"{place}\"\n  purpose = \"{}\"",
                carried(sink.purpose),
                sink.address,
                sink.address.declarable(),
                sink.purpose.code()
            ),
            Self::Outside { sink, region } => format!(
                "{} goes to {}, which is in {}. Data may be in {}; name another address, or add the region to `allowed` of [residency]:\n\n  [residency]\n  allowed = [{}, \"{}\"]",
                carried(sink.purpose),
                sink.address,
                region.name,
                names(allowed),
                allowed.iter().map(|region| format!("\"{}\"", region.name)).collect::<Vec<_>>().join(", "),
                region.name
            ),
            Self::Contradicted { sink, told } => format!(
                "{} goes to {}, which is declared to be in {}; the service itself says {told}.",
                carried(sink.purpose),
                sink.address,
                sink.region.map_or("no region", |region| region.name)
            ),
        }
    }
}

impl Register {
    /// The faults as findings. Addresses of tenants' streams are nobody else's business: those are counted.
    pub fn findings(&self) -> Vec<Finding> {
        let allowed = names(&self.allowed);
        let (mut undeclared, mut outside) = (0, 0);
        let mut findings = Vec::new();
        for fault in self.faults() {
            match (fault.sink().is_some_and(Sink::is_a_tenants), &fault) {
                (true, Fault::Undeclared(_)) => undeclared += 1,
                (true, _) => outside += 1,
                (false, _) => findings.push(fault.finding(&allowed)),
            }
        }
        if undeclared > 0 {
            findings.push(Finding::new("streams_undeclared").number("streams", undeclared));
        }
        if outside > 0 {
            findings.push(Finding::new("streams_outside").number("streams", outside).text("allowed", &allowed));
        }
        findings
    }

    /// Whether nobody but the demo says where this machine is.
    pub fn is_of_a_demo(&self) -> bool {
        self.machine.is_some_and(|(_, said)| said == Said::Demo)
    }
}

/// Names of regions, as they stand in sentences.
pub(super) fn names(regions: &[&'static Region]) -> String {
    regions.iter().map(|region| region.name).collect::<Vec<_>>().join(", ")
}

fn carried(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Database => "All data",
        Purpose::Backup => "Each backup",
        Purpose::Keyring => "Each key",
        Purpose::Checkpoints => "Each checkpoint",
        Purpose::Mail => "Mail",
        Purpose::Witness => "Each checkpoint that a witness signs",
        Purpose::Stream => "A tenant's log",
        Purpose::Telemetry => "Telemetry",
        Purpose::Names => "Each question for an address of a name",
        Purpose::Authority => "Each order of a certificate",
        Purpose::Other => "Something",
    }
}
