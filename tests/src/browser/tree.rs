//! What a screen reader is given of a page: Chromium's accessibility tree, as a text to read and by rules of its structure.
//! axe judges single elements; the rules here are about the whole.

use std::{borrow::Cow, collections::HashMap, fmt};

use anyhow::{Context, Result, ensure};
use chromiumoxide::{Command, Method};
use serde::Serialize;
use serde_json::Value;

use super::Browser;

/// What is read, in its order.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    depth: usize,
    role: String,
    name: String,
    /// What else is said of it: value, description, and states that differ from the usual.
    details: Vec<(String, String)>,
}

impl Browser {
    /// The tree of what the page shows now.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn tree(&self) -> Result<Tree> {
        let answer = self.page.execute(GetFullTree {}).await?;
        Tree::read(&answer.result).context("the accessibility tree")
    }
}

impl Tree {
    fn read(answer: &Value) -> Option<Self> {
        let all = answer["nodes"].as_array()?;
        let by_id: HashMap<&str, &Value> =
            all.iter().filter_map(|node| Some((node["nodeId"].as_str()?, node))).collect();
        let mut nodes = Vec::new();
        let mut rest = vec![(all.first()?, 0)];
        while let Some((node, depth)) = rest.pop() {
            let is_told = node["ignored"] != true && node["role"]["value"] != "generic";
            if is_told {
                nodes.push(Node::read(node, depth));
            }
            // A control is told as a whole; a text's lines are the text once more.
            if is_told && WHOLE.contains(&node["role"]["value"].as_str()?) {
                continue;
            }
            let children = node["childIds"].as_array().into_iter().flatten().rev();
            let children = children.filter_map(|id| by_id.get(id.as_str()?));
            rest.extend(children.map(|child| (*child, depth + usize::from(is_told))));
        }
        Some(Self { nodes })
    }

    /// Holds the tree against the rules of its structure.
    ///
    /// # Errors
    /// The first that it breaks.
    pub fn check(&self) -> Result<()> {
        let root = self.nodes.first().context("an empty tree")?;
        ensure!(!root.name.is_empty(), "the page has no title");
        for node in self.nodes.iter().filter(|node| CONTROLS.contains(&node.role.as_str())) {
            ensure!(!node.name.trim().is_empty(), "a {} has no name", node.role);
        }
        // Behind a dialog there is nothing: it is the page.
        if let Some(dialog) = self.all("dialog").next() {
            ensure!(!dialog.name.is_empty() && self.all("heading").count() == 1, "a dialog without a heading");
            return Ok(());
        }
        for landmark in ["banner", "main", "contentinfo", "alert"] {
            ensure!(self.all(landmark).count() == 1, "{} times `{landmark}`", self.all(landmark).count());
        }
        let mut last = 0;
        for heading in self.all("heading") {
            let level: usize = heading.detail("level").context("a heading without a level")?.parse()?;
            ensure!(level > 1 || last == 0, "a second heading of the first level: {}", heading.name);
            ensure!(level <= last + 1, "`{}` is of level {level}, after one of level {last}", heading.name);
            ensure!(!heading.name.is_empty(), "an empty heading of level {level}");
            last = level;
        }
        ensure!(last > 0, "no heading");
        Ok(())
    }

    fn all<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |node| node.role == role)
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.nodes {
            write!(f, "{:indent$}{}", "", node.role, indent = node.depth * 2)?;
            if !node.name.is_empty() {
                write!(f, " {:?}", node.name)?;
            }
            for (name, value) in &node.details {
                write!(f, " {name}={value:?}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Node {
    fn read(node: &Value, depth: usize) -> Self {
        let text = |holder: &Value| {
            let value = &holder["value"];
            let text = value.as_str().map(str::to_owned);
            text.or_else(|| (!value.is_null()).then(|| value.to_string())).unwrap_or_default()
        };
        let mut details: Vec<(String, String)> =
            ["value", "description"].map(|name| (name.to_owned(), text(&node[name]))).into();
        for property in node["properties"].as_array().into_iter().flatten() {
            let name = property["name"].as_str().unwrap_or_default().to_owned();
            if STATES.contains(&name.as_str()) {
                details.push((name, text(&property["value"])));
            }
        }
        details.retain(|(name, value)| !value.is_empty() && (name == "expanded" || value != "false"));
        Self { depth, role: text(&node["role"]), name: text(&node["name"]), details }
    }

    fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// `Accessibility.getFullAXTree`, with its answer as it is: the driver's types lack properties that this Chromium knows.
#[derive(Serialize, Debug)]
struct GetFullTree {}

impl Method for GetFullTree {
    fn identifier(&self) -> Cow<'static, str> {
        "Accessibility.getFullAXTree".into()
    }
}

impl Command for GetFullTree {
    type Response = Value;
}

const WHOLE: &[&str] = &["StaticText", "textbox", "button", "combobox", "option", "DisclosureTriangle"];

const CONTROLS: &[&str] =
    &["button", "checkbox", "combobox", "DisclosureTriangle", "link", "listbox", "menuitem", "radio", "textbox"];

const STATES: &[&str] = &[
    "atomic", "busy", "checked", "disabled", "expanded", "focused", "invalid", "level", "live", "modal", "readonly",
    "required",
];
