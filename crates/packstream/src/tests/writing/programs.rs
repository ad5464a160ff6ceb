//! What the writer accepts is what every reader accepts: shown on random programs for it, right and wrong ones.

use std::collections::BTreeSet;
use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::Written;
use crate::{
    Decoder, EncodeError, Encoder, Limits, ListWriter, MAX_FIELDS, MapWriter, StructureWriter, Type, Value, encode,
    validate,
};

/// What to write. The first number of a container is by how much the size declared is too large.
#[derive(Clone, Debug)]
enum Program {
    Integer(u64),
    Text(String),
    Floats(Vec<f64>),
    List(usize, Vec<Self>),
    Map(usize, Vec<(String, Self)>),
    Structure(usize, u8, Vec<Self>),
}

impl Program {
    /// Tells whether PackStream can express it.
    fn is_right(&self) -> bool {
        let all = |them: &[Self]| them.iter().all(Self::is_right);
        match self {
            Self::Integer(value) => i64::try_from(*value).is_ok(),
            Self::Text(_) | Self::Floats(_) => true,
            Self::List(more, items) => *more == 0 && all(items),
            Self::Map(more, entries) => {
                let keys: BTreeSet<_> = entries.iter().map(|(key, _)| key).collect();
                *more == 0 && keys.len() == entries.len() && entries.iter().all(|(_, value)| value.is_right())
            }
            Self::Structure(more, _, fields) => *more == 0 && fields.len() <= MAX_FIELDS && all(fields),
        }
    }
}

impl crate::Encode for Program {
    fn encode<B: crate::Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Written {
        match self {
            Self::Integer(value) => value.encode(encoder),
            Self::Text(value) => value.encode(encoder),
            Self::Floats(values) => values.encode(encoder),
            Self::List(more, them) => encoder.list(them.len() + more, |items| list(items, them)),
            Self::Map(more, them) => encoder.map(them.len() + more, |entries| map(entries, them)),
            Self::Structure(more, tag, them) => {
                encoder.structure(*tag, them.len() + more, |fields| structure(fields, them))
            }
        }
    }
}

fn list<B: crate::Buffer>(items: &mut ListWriter<'_, '_, B>, them: &[Program]) -> Written {
    them.iter().try_for_each(|it| match it {
        Program::List(more, them) => items.list(them.len() + more, |items| list(items, them)),
        Program::Map(more, them) => items.map(them.len() + more, |entries| map(entries, them)),
        Program::Structure(more, tag, them) => {
            items.structure(*tag, them.len() + more, |fields| structure(fields, them))
        }
        other => items.item(other),
    })
}

fn map<B: crate::Buffer>(entries: &mut MapWriter<'_, '_, B>, them: &[(String, Program)]) -> Written {
    them.iter().try_for_each(|(key, it)| match it {
        Program::List(more, them) => entries.list(key, them.len() + more, |items| list(items, them)),
        Program::Map(more, them) => entries.map(key, them.len() + more, |entries| map(entries, them)),
        Program::Structure(more, tag, them) => {
            entries.structure(key, *tag, them.len() + more, |fields| structure(fields, them))
        }
        other => entries.entry(key, other),
    })
}

fn structure<B: crate::Buffer>(fields: &mut StructureWriter<'_, '_, B>, them: &[Program]) -> Written {
    them.iter().try_for_each(|it| match it {
        Program::List(more, them) => fields.list(them.len() + more, |items| list(items, them)),
        Program::Map(more, them) => fields.map(them.len() + more, |entries| map(entries, them)),
        // By its own `Encode`, for a change.
        other => fields.field(other),
    })
}

fn programs() -> impl Strategy<Value = Program> {
    let integers = prop_oneof![40 => 0..=i64::MAX as u64, 1 => Just(u64::MAX)];
    let scalars = prop_oneof![
        integers.prop_map(Program::Integer),
        ".{0,20}".prop_map(Program::Text),
        vec(any::<f64>(), 0..20).prop_map(Program::Floats),
    ];
    let more = || prop_oneof![60 => Just(0), 1 => 1..3_usize];
    scalars.prop_recursive(5, 60, 20, move |inner| {
        prop_oneof![
            (more(), vec(inner.clone(), 0..20)).prop_map(|(more, items)| Program::List(more, items)),
            (more(), vec(("[a-z]{0,4}", inner.clone()), 0..20)).prop_map(|(more, entries)| Program::Map(more, entries)),
            (more(), any::<u8>(), vec(inner, 0..=16))
                .prop_map(|(more, tag, fields)| Program::Structure(more, tag, fields)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_accepted_is_valid_and_what_is_not_leaves_nothing(program in programs()) {
        let mut bytes = vec![0xC0];
        match encode(&program, &mut bytes) {
            Ok(()) => {
                prop_assert!(program.is_right());
                prop_assert_eq!(validate(&bytes[1..], Limits::default()), Ok(bytes.len() - 1));
                let value: Value = Decoder::at(&bytes, 1).decode().unwrap();
                let mut again = vec![0xC0];
                prop_assert_eq!(encode(&value, &mut again), Ok(()));
                prop_assert_eq!(again, bytes);
            }
            Err(error) => {
                prop_assert!(!program.is_right());
                prop_assert_eq!(bytes, [0xC0]);
                let known = matches!(
                    error,
                    EncodeError::OutOfRange(u64::MAX)
                        | EncodeError::DuplicateKey(_)
                        | EncodeError::WrongCount { of: Type::List | Type::Map | Type::Structure, .. }
                        | EncodeError::TooManyFields { .. }
                );
                prop_assert!(known, "{error}");
            }
        }
    }

    /// Where a wrong part is given up, the rest stands.
    #[test]
    fn what_is_left_after_failures_is_valid(programs in vec(programs(), 0..20)) {
        let mut bytes = Vec::new();
        let right = programs.iter().filter(|it| it.is_right()).count();
        let written = Encoder::new(&mut bytes).list(right, |items| {
            for program in &programs {
                assert_eq!(items.item(program).is_ok(), program.is_right());
            }
            Ok(())
        });
        prop_assert_eq!(written, Ok(()));
        prop_assert_eq!(validate(&bytes, Limits::default()), Ok(bytes.len()));
    }
}
