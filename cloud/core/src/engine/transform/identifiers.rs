//! Transforms of ids.

use uuid::Uuid;

use super::{Entry, Example, Group, Kind, Value, Wrong, shortened, text_of};

/// The alphabet of Z85 (ZeroMQ RFC 32).
const ALPHABET: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "guid_to_20",
        group: Group::Identifiers,
        title: "A GUID in 20 characters",
        says: "Writes a GUID's 16 bytes in Z85, so that it fits GP's fields of 20 characters. \
               Capitals and small letters differ: use it only where nothing changes them.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[
            Example {
                written: r#""guid_to_20""#,
                from: r#""864fd26f-b559-f75b-864f-d26fb559f75b""#,
                gives: Ok(r#""HelloWorldHelloWorld""#),
            },
            Example {
                written: r#""guid_to_20""#,
                from: r#""1042""#,
                gives: Err("not_a_guid"),
            },
        ],
        run: |_, value| {
            let text = text_of(value);
            let guid = text.trim().parse::<Uuid>().map_err(|_| {
                Wrong::new(
                    "not_a_guid",
                    format!("\"{}\" is not a GUID", shortened(&text)),
                    "Take a field that holds a GUID, such as order.order_guid.",
                )
            })?;
            Ok(Value::Text(encode(guid.as_bytes())))
        },
    },
    Entry {
        name: "guid_from_20",
        group: Group::Identifiers,
        title: "A GUID from its 20 characters",
        says: "Reads what `guid_to_20` wrote.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[
            Example {
                written: r#""guid_from_20""#,
                from: r#""HelloWorldHelloWorld""#,
                gives: Ok(r#""864fd26f-b559-f75b-864f-d26fb559f75b""#),
            },
            Example {
                written: r#""guid_from_20""#,
                from: r#""HELLO""#,
                gives: Err("not_a_guid"),
            },
        ],
        run: |_, value| {
            let text = text_of(value);
            let bytes = decode(text.trim()).ok_or_else(|| {
                Wrong::new(
                    "not_a_guid",
                    format!("\"{}\" is not a GUID in Z85", shortened(&text)),
                    "Take a field that `guid_to_20` wrote.",
                )
            })?;
            Ok(Value::Text(Uuid::from_bytes(bytes).to_string()))
        },
    },
];

fn encode(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(20);
    for part in bytes.chunks_exact(4) {
        let number = part
            .iter()
            .fold(0, |number, byte| number << 8 | u32::from(*byte));
        for power in (0..5).rev() {
            let place = number / 85_u32.pow(power) % 85;
            text.push(char::from(ALPHABET[place as usize]));
        }
    }
    text
}

fn decode(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    for (part, into) in text.chunks_exact(5).zip(bytes.chunks_exact_mut(4)) {
        let mut number: u32 = 0;
        for character in part {
            let place = ALPHABET.iter().position(|known| known == character)?;
            let place = u32::try_from(place).ok()?;
            number = number.checked_mul(85)?.checked_add(place)?;
        }
        into.copy_from_slice(&number.to_be_bytes());
    }
    Some(bytes)
}
