//! The parts of an endpoint that come and go one by one: target network associations, authorization rules, routes.
//!
//! AWS treats the three alike: each is made by a call, takes time to come and to go, can fail, and cannot be changed.
//! So they are one type here, and one rule of the plan is enough for all of them.

use std::fmt;

use ipnet::IpNet;

use super::id::AssociationId;
use crate::config::{GroupId, RouteTarget, SubnetId};

/// One part, by what makes it different from all others of its endpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A target network association.
    Association(SubnetId),
    /// An authorization rule.
    Rule(Rule),
    /// A route that was added, not one that came with an association.
    Route(Route),
}

/// An authorization rule: who may reach what.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rule {
    /// What may be reached.
    pub network: IpNet,
    /// Who may reach it; `None` means every client.
    pub group: Option<GroupId>,
}

/// A route of the endpoint's route table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Route {
    /// Where to.
    pub destination: IpNet,
    /// Through what.
    pub target: RouteTarget,
}

/// A kind of part. AWS lists each kind with a call of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Target network associations.
    Association,
    /// Authorization rules.
    Rule,
    /// Routes.
    Route,
}

/// A part as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartState {
    /// How far it is.
    pub status: Status,
    /// Its description; associations have none.
    pub description: String,
    /// The id of an association, by which alone AWS removes it.
    pub association: Option<AssociationId>,
}

/// How far a part is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// On its way: `associating`, `authorizing`, `creating`.
    Coming,
    /// There: `associated`, `active`.
    There,
    /// It did not work, and AWS leaves it at that.
    Failed {
        /// What AWS said.
        message: String,
    },
    /// On its way out: `disassociating`, `revoking`, `deleting`.
    Going,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Association, Self::Rule, Self::Route];
}

impl Status {
    /// AWS's word for it, of a part of this kind.
    pub fn word(&self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Coming, Kind::Association) => "associating",
            (Self::Coming, Kind::Rule) => "authorizing",
            (Self::Coming, Kind::Route) => "creating",
            (Self::There, Kind::Association) => "associated",
            (Self::There, Kind::Rule | Kind::Route) => "active",
            (Self::Failed { .. }, Kind::Association) => "association-failed",
            (Self::Failed { .. }, Kind::Rule | Kind::Route) => "failed",
            (Self::Going, Kind::Association) => "disassociating",
            (Self::Going, Kind::Rule) => "revoking",
            (Self::Going, Kind::Route) => "deleting",
        }
    }
}

impl Part {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Association(_) => Kind::Association,
            Self::Rule(_) => Kind::Rule,
            Self::Route(_) => Kind::Route,
        }
    }

    /// The subnet where it is an association.
    pub fn subnet(&self) -> Option<&SubnetId> {
        match self {
            Self::Association(subnet) => Some(subnet),
            Self::Rule(_) | Self::Route(_) => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Association(subnet) => write!(f, "target network association of `{subnet}`"),
            Self::Rule(Rule { network, group: None }) => write!(f, "authorization rule for {network}"),
            Self::Rule(Rule { network, group: Some(group) }) => {
                write!(f, "authorization rule of group `{group}` for {network}")
            }
            Self::Route(Route { destination, target }) => write!(f, "route to {destination} through `{target}`"),
        }
    }
}
