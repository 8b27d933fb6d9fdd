//! The deployment that an acceptance run makes: an admin's own, under another name and in a folder of its own.

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

/// What of a configuration the run must know.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The deployment's name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its domain.
    pub domain: String,
    /// How many subnets it has.
    pub subnets: usize,
    /// The configuration.
    table: Table,
}

impl Trial {
    /// The trial of what `configuration` says.
    ///
    /// # Errors
    /// It is not TOML, lacks a key, or is for the sandbox.
    pub fn of(configuration: &str) -> Result<Self> {
        let mut table: Table = configuration.parse()?;
        let deployment = section(&mut table, "deployment")?;
        let text = |table: &Table, key: &str| {
            let value = table.get(key).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("`{key}` is missing in [deployment]"))
        };
        ensure!(text(deployment, "target")? == "aws", "its target is not `aws`");
        let name = name(&text(deployment, "name")?);
        let (region, domain) = (text(deployment, "region")?, text(deployment, "domain")?);
        deployment.insert("name".to_owned(), name.clone().into());
        let subnets = section(&mut table, "network")?.get("subnet_ids").and_then(Value::as_array).map_or(0, Vec::len);
        // A ledger and a page of its own, in the folder of the trial.
        section(&mut table, "ledger")?.insert("url".to_owned(), format!("file:{LEDGER}").into());
        section(&mut table, "page")?.insert("dir".to_owned(), SITE.into());
        Ok(Self { name, region, domain, subnets, table })
    }

    /// The configuration to begin with.
    ///
    /// # Errors
    /// It cannot be written down, which does not happen with what was read.
    pub fn first(&self) -> Result<String> {
        Ok(toml::to_string(&self.table)?)
    }

    /// The same with another banner, one more tag and one more rule.
    ///
    /// # Errors
    /// A section is missing.
    pub fn changed(&self) -> Result<String> {
        let mut table = self.table.clone();
        let network = section(&mut table, "network")?;
        let mut rule = Table::new();
        rule.insert("network".to_owned(), NETWORK.into());
        rule.insert("description".to_owned(), "of the acceptance run".into());
        let rules = network.entry("authorize").or_insert_with(|| Value::Array(Vec::new()));
        rules.as_array_mut().context("`authorize` is no list")?.push(rule.into());
        let tags = section(&mut table, "deployment")?.entry("tags").or_insert_with(|| Table::new().into());
        tags.as_table_mut().context("`tags` is no table")?.insert(TAG.0.to_owned(), TAG.1.into());
        let endpoint = table.entry("endpoint").or_insert_with(|| Table::new().into());
        endpoint.as_table_mut().context("`endpoint` is no table")?.insert("banner".to_owned(), BANNER.into());
        Ok(toml::to_string(&table)?)
    }
}

fn section<'a>(table: &'a mut Table, name: &str) -> Result<&'a mut Table> {
    table.get_mut(name).and_then(Value::as_table_mut).with_context(|| format!("the section [{name}] is missing"))
}

/// A name that nobody takes for the deployment that is in use. A deployment's name has at most 40 characters.
fn name(of: &str) -> String {
    let longest = LONGEST_NAME - SUFFIX.len();
    let kept: String = of.chars().take(longest).collect();
    format!("{}{SUFFIX}", kept.trim_end_matches('-'))
}

/// The configuration file's name.
pub const CONFIG: &str = "latchkey.toml";
/// The ledger's folder.
pub const LEDGER: &str = "ledger";
/// The page's folder.
pub const SITE: &str = "site";
/// The banner after the change.
pub const BANNER: &str = "Changed by an acceptance run.";
/// The tag that the change adds.
pub const TAG: (&str, &str) = ("acceptance", "changed");
/// The network to which the change opens the way: one for documentation, in which nobody is.
pub const NETWORK: &str = "192.0.2.0/24";

const SUFFIX: &str = "-acceptance";
const LONGEST_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::repository;

    #[test]
    fn nothing_of_the_trial_is_the_deployments_own() {
        let own = std::fs::read_to_string(repository().join(CONFIG)).unwrap();
        assert_eq!(Trial::of(&own).unwrap_err().to_string(), "its target is not `aws`");
        let trial = Trial::of(&own.replace("\"sandbox\"", "\"aws\"")).unwrap();
        assert_eq!((trial.name.as_str(), trial.subnets), ("demo-acceptance", 2));
        for text in [trial.first().unwrap(), trial.changed().unwrap()] {
            assert!(!text.contains(".latchkey/demo/"), "{text}");
            assert!(text.contains("name = \"demo-acceptance\""), "{text}");
        }
    }

    #[test]
    fn a_long_name_is_shortened_to_one_that_is_allowed() {
        let long = format!("{}-b", "a".repeat(28));
        assert_eq!(name(&long), format!("{}-acceptance", "a".repeat(28)));
        assert_eq!(name(&"a".repeat(40)).len(), 40);
    }
}
