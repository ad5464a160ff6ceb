//! The specification's rules, one conversation for each. Sections are those of the Bolt specification.

mod exchange;
mod facts;
mod requests;

use neobolt_proto::Version;

use crate::talk::{ready, talk, talk_ready};

/// All versions from `major.minor` on.
fn from(major: u8, minor: u8) -> impl Iterator<Item = Version> {
    Version::supported().filter(move |version| *version >= Version::new(major, minor))
}

fn v(major: u8, minor: u8) -> Version {
    Version::new(major, minor)
}
