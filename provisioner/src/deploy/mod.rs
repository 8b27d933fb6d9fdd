//! From what AWS has to what is wanted: observe, plan, apply.
//!
//! [`observed`] is what there is, [`desired`] what there is to be, both plain values; [`plan`] is a pure function of
//! the two; [`apply`] runs its steps through the port [`cloud`], which [`aws`] implements and tests replace.

pub mod id;

pub mod own;

pub mod part;

pub mod setting;

pub mod tags;

pub mod desired;

pub mod observed;

pub mod network;

pub mod check;

pub mod connection;

pub mod inventory;

pub mod plan;

pub mod changes;

pub mod price;

pub mod wait;

pub mod cloud;

pub mod to_list;

pub mod supply;

pub mod apply;

pub mod aws;

#[cfg(test)]
mod fake;

#[cfg(test)]
mod testing;
