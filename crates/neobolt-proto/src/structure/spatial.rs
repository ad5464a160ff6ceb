//! Points.

use core::fmt;

use packstream::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

use super::{header, tag};

/// A point in the plane or in space, in the coordinate system named by `srid`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the structure's fields")]
pub struct Point {
    /// The coordinate system: one of the constants of this type, or another that the server knows.
    pub srid: i64,
    /// The first coordinate; the longitude in degrees in WGS 84.
    pub x: f64,
    /// The second coordinate; the latitude in degrees in WGS 84.
    pub y: f64,
    /// The third coordinate, of points in space; the height in metres in WGS 84.
    pub z: Option<f64>,
}

impl Point {
    /// Cartesian coordinates in the plane.
    pub const CARTESIAN: i64 = 7203;
    /// Cartesian coordinates in space.
    pub const CARTESIAN_3D: i64 = 9157;
    /// Longitude and latitude on the earth.
    pub const WGS_84: i64 = 4326;
    /// Longitude, latitude and height on the earth.
    pub const WGS_84_3D: i64 = 4979;

    /// Creates a point in the plane.
    #[must_use]
    pub const fn cartesian(x: f64, y: f64) -> Self {
        Self { srid: Self::CARTESIAN, x, y, z: None }
    }

    /// Creates a point in space.
    #[must_use]
    pub const fn cartesian_3d(x: f64, y: f64, z: f64) -> Self {
        Self { srid: Self::CARTESIAN_3D, x, y, z: Some(z) }
    }

    /// Creates a point on the earth, from degrees.
    #[must_use]
    pub const fn wgs_84(longitude: f64, latitude: f64) -> Self {
        Self { srid: Self::WGS_84, x: longitude, y: latitude, z: None }
    }

    /// Creates a point on the earth, from degrees, at a height in metres.
    #[must_use]
    pub const fn wgs_84_3d(longitude: f64, latitude: f64, height: f64) -> Self {
        Self { srid: Self::WGS_84_3D, x: longitude, y: latitude, z: Some(height) }
    }
}

impl fmt::Display for Point {
    /// Writes the Cypher expression that makes this point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { srid, x, y, z } = self;
        write!(f, "point({{srid: {srid}, x: {x:?}, y: {y:?}")?;
        if let Some(z) = z {
            write!(f, ", z: {z:?}")?;
        }
        f.write_str("})")
    }
}

impl Encode for Point {
    fn encode<B: Buffer>(&self, encoder: &mut Encoder<'_, B>) -> Result<(), EncodeError> {
        let (tag, fields) = if self.z.is_none() { (tag::POINT_2D, 3) } else { (tag::POINT_3D, 4) };
        encoder.structure_header(tag, fields)?;
        encoder.nested(fields, |encoder| {
            encoder.integer(self.srid);
            encoder.float(self.x);
            encoder.float(self.y);
            if let Some(z) = self.z {
                encoder.float(z);
            }
            Ok(())
        })
    }
}

impl<'a> Decode<'a> for Point {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, DecodeError> {
        let (tag, _) =
            header(decoder, "Point", |tag, fields| matches!((tag, fields), (tag::POINT_2D, 3) | (tag::POINT_3D, 4)))?;
        Ok(Self {
            srid: decoder.integer()?,
            x: decoder.float()?,
            y: decoder.float()?,
            z: if tag == tag::POINT_3D { Some(decoder.float()?) } else { None },
        })
    }
}
