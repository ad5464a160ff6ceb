//! Serializers that take few shapes, and refuse all others.

/// Writes those methods of a serializer that refuse: each hands a name of what it was given to `refused`.
macro_rules! refuse {
    ($refused:ident: $($shape:ident)*) => {
        $($crate::serde::ser::refuse::refuse!(@$shape $refused);)*

        fn is_human_readable(&self) -> bool {
            false
        }
    };
    (@bool $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_bool(bool) $refused "a boolean"); };
    (@integers $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@fn serialize_i8(i8) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_i16(i16) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_i32(i32) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_i64(i64) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_u16(u16) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_u32(u32) $refused "an integer");
        $crate::serde::ser::refuse::refuse!(@fn serialize_u64(u64) $refused "an integer");
    };
    (@u8 $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_u8(u8) $refused "an integer"); };
    (@floats $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@fn serialize_f32(f32) $refused "a float");
        $crate::serde::ser::refuse::refuse!(@fn serialize_f64(f64) $refused "a float");
    };
    (@char $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_char(char) $refused "a string"); };
    (@str $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_str(&str) $refused "a string"); };
    (@bytes $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_bytes(&[u8]) $refused "bytes"); };
    (@unit $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_unit() $refused "null"); };
    (@unit_struct $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@fn serialize_unit_struct(&'static str) $refused "null");
    };
    (@none $refused:ident) => { $crate::serde::ser::refuse::refuse!(@fn serialize_none() $refused "null"); };
    (@some $refused:ident) => { $crate::serde::ser::refuse::refuse!(@value serialize_some() $refused "an option"); };
    (@unit_variant $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@fn serialize_unit_variant(&'static str, u32, &'static str) $refused "a variant");
    };
    (@newtype_struct $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@value serialize_newtype_struct(&'static str) $refused "a newtype");
    };
    (@newtype_variant $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(
            @value serialize_newtype_variant(&'static str, u32, &'static str) $refused "a variant"
        );
    };
    (@seq $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@compound serialize_seq(Option<usize>) SerializeSeq $refused "a list");
    };
    (@tuple $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@compound serialize_tuple(usize) SerializeTuple $refused "a tuple");
    };
    (@tuple_struct $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(
            @compound serialize_tuple_struct(&'static str, usize) SerializeTupleStruct $refused "a tuple"
        );
    };
    (@tuple_variant $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(
            @compound serialize_tuple_variant(&'static str, u32, &'static str, usize) SerializeTupleVariant
            $refused "a variant"
        );
    };
    (@map $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(@compound serialize_map(Option<usize>) SerializeMap $refused "a map");
    };
    (@struct $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(
            @compound serialize_struct(&'static str, usize) SerializeStruct $refused "a struct"
        );
    };
    (@struct_variant $refused:ident) => {
        $crate::serde::ser::refuse::refuse!(
            @compound serialize_struct_variant(&'static str, u32, &'static str, usize) SerializeStructVariant
            $refused "a variant"
        );
    };
    (@fn $method:ident($($type:ty),*) $refused:ident $found:literal) => {
        fn $method(self $(, _: $type)*) -> core::result::Result<Self::Ok, Self::Error> {
            Err($refused($found))
        }
    };
    (@value $method:ident($($type:ty),*) $refused:ident $found:literal) => {
        fn $method<T: ::serde::Serialize + ?Sized>(self $(, _: $type)*, _: &T) -> core::result::Result<Self::Ok, Self::Error> {
            Err($refused($found))
        }
    };
    (@compound $method:ident($($type:ty),*) $compound:ident $refused:ident $found:literal) => {
        type $compound = ::serde::ser::Impossible<Self::Ok, Self::Error>;

        fn $method(self $(, _: $type)*) -> core::result::Result<Self::$compound, Self::Error> {
            Err($refused($found))
        }
    };
}

pub(super) use refuse;
