//! What decoding into owned values allocates: one piece of memory for each container and each long string or byte array, and for whatever
//! bytes no more than a small constant times their length.

use allocation_counter::{AllocationInfo, measure};
use packstream::{
    Decoder, Encode, Encoder, Limits, ListRef, Map, MapRef, Nesting, Step, Structure, StructureRef, Tokens, Value,
    scan, validate,
};

fn encoded<T: Encode>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).encode(value).expect("the values can be encoded");
    bytes
}

/// What it takes to decode `bytes`, whether that succeeds or not.
fn decoding(bytes: &[u8]) -> AllocationInfo {
    measure(|| drop(Decoder::new(bytes).decode::<Value>()))
}

fn count(value: impl Into<Value>) -> u64 {
    let value = value.into();
    let bytes = encoded(&value);
    let info = measure(|| assert_eq!(Decoder::new(&bytes).decode::<Value>().as_ref(), Ok(&value)));
    assert_eq!(info.count_current, 0);
    info.count_total
}

#[test]
fn one_for_each_container_and_long_string() {
    let text = "twenty-five bytes of text";
    assert_eq!(count(1), 0);
    assert_eq!(count(&text[..24]), 0);
    assert_eq!(count(text), 1);
    assert_eq!(count(Value::Uuid([0; 16])), 0);
    assert_eq!(count(Value::Bytes([1, 2].into())), 1);
    assert_eq!(count([1, 2, 3]), 1);
    assert_eq!(count(Vec::<i64>::new()), 0);
    assert_eq!(count(Map::from_iter([("key", "value"), ("other", "value")])), 1);
    assert_eq!(count(Structure::new(b'N', [Value::from(1), Value::from("text")])), 1);
    assert_eq!(count(vec![1.5; 768]), 1);

    let node = || {
        let properties = Map::from_iter([("name", Value::from("Ada")), ("scores", Value::from([1.0, 2.0]))]);
        Value::from(Structure::new(b'N', [Value::from(1), Value::from(["Person", "Author"]), Value::from(properties)]))
    };
    assert_eq!(count(node()), 4);
    // What lies around the innermost of them is remembered without memory.
    assert_eq!(count([node(), node(), node()]), 13);
    assert_eq!(count([[node(), node()], [node(), node()]]), 19);
}

/// Returns how many bytes of memory decoding takes at once for each byte of `bytes`.
fn per_byte(bytes: &[u8]) -> f64 {
    let info = decoding(bytes);
    assert_eq!(info.bytes_current, 0);
    info.bytes_max as f64 / bytes.len() as f64
}

/// Bytes that would cost a careless reader much.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let sized = |marker: u8, len: u32| [&[marker][..], &len.to_be_bytes()].concat();
    let noise = vec![1; 1_000_000];
    vec![
        ("nested lists", vec![0x91; 1_000_000]),
        ("nested maps", [0xA1, 0x80].repeat(1_000_000)),
        ("nested structures", [0xB1, b'N'].repeat(1_000_000)),
        ("empty lists", [sized(0xD6, 1_000_000), vec![0x90; 1_000_000]].concat()),
        ("empty strings", [sized(0xD6, 1_000_000), vec![0x80; 1_000_000]].concat()),
        ("equal keys", [sized(0xDA, 1_000_000), [0x80, 1].repeat(1_000_000)].concat()),
        ("lists of one", [sized(0xD6, 500_000), [0x91, 1].repeat(500_000)].concat()),
        ("structures of none", [sized(0xD6, 500_000), [0xB0, 1].repeat(500_000)].concat()),
        ("a list that lies", [sized(0xD6, i32::MAX as u32), noise.clone()].concat()),
        ("a list that ends early", [sized(0xD6, 1_000_001), noise.clone()].concat()),
        ("lists that lie", [sized(0xD6, 900_000).repeat(100), noise.clone()].concat()),
        ("maps that lie", [[sized(0xDA, 400_000), vec![0x80]].concat().repeat(100), noise].concat()),
        ("garbage for text", [sized(0xD2, 1_000_000), vec![0xFF; 1_000_000]].concat()),
    ]
}

#[test]
fn memory_is_in_proportion_to_hostile_bytes() {
    // An entry of a map takes two bytes at least, and 48 here; to find equal keys takes up to as many once more.
    const MOST: f64 = 48.0;
    for (what, bytes) in hostile() {
        let per_byte = per_byte(&bytes);
        println!("{what}: {per_byte:.1} bytes per byte");
        assert!(per_byte <= MOST, "{what}: {per_byte} bytes per byte");
    }
}

/// The ways in that borrow take none at all, but for the offsets that are asked for.
#[test]
fn readers_that_borrow_take_no_memory() {
    let limits = Limits::default();
    for (what, bytes) in hostile() {
        let mut nesting = Nesting::new();
        let none = |read: &mut dyn FnMut()| assert_eq!(measure(read).count_total, 0, "{what}");
        none(&mut || {
            let mut tokens = Tokens::new(&bytes, &mut nesting);
            while let Ok(Step::Token(_)) = tokens.token() {}
        });
        none(&mut || drop(validate(&bytes, limits)));
        none(&mut || drop(Decoder::new(&bytes).skip(1)));
        none(&mut || drop(StructureRef::message(&bytes, limits)));
        none(&mut || drop(Decoder::new(&bytes).decode::<ListRef<'_>>().map(|list| list.iter::<i64>().count())));
        none(&mut || drop(Decoder::new(&bytes).decode::<MapRef<'_>>().map(|map| map.iter::<i64>().count())));
        let mut offsets = Vec::new();
        let scanned = measure(|| drop(scan(&bytes, 0, 1, limits, &mut offsets)));
        assert!(scanned.bytes_max <= 1024, "{what}: {} bytes", scanned.bytes_max);
    }
}
