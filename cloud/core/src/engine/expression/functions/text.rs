//! Text helpers.

use aws_lc_rs::digest;
use rhai::{Dynamic, Engine, INT, ImmutableString};

use super::{Given, count, is_blank, list, text};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("text", |value: Dynamic| text("text", "the value", &value));
    engine.register_fn("upper", |value: Dynamic| {
        Given::Ok(text("upper", "the text", &value)?.to_uppercase())
    });
    engine.register_fn("lower", |value: Dynamic| {
        Given::Ok(text("lower", "the text", &value)?.to_lowercase())
    });
    engine.register_fn("trim", |value: Dynamic| trim(&value));
    engine.register_fn("truncate", |value: Dynamic, length: Dynamic| {
        truncate(&value, &length)
    });
    // The language's own functions of these names change a text in place and give nothing.
    engine.register_fn("trim", |value: ImmutableString| trim(&value.into()));
    engine.register_fn("truncate", |value: ImmutableString, length: INT| {
        truncate(&value.into(), &length.into())
    });
    engine.register_fn("pad_left", |value: Dynamic, length: Dynamic, fill: &str| {
        let length = count("pad_left", "the length", &length)?;
        let text = text("pad_left", "the text", &value)?;
        Given::Ok(padded(&text, length, fill))
    });
    engine.register_fn("join", |parts: Dynamic, between: &str| {
        let parts = list("join", "list", &parts)?;
        let texts = parts.iter().filter(|part| !is_blank(part));
        let texts = texts.map(|part| Ok(text("join", "part", part)?.trim().to_owned()));
        Given::Ok(texts.collect::<Given<Vec<_>>>()?.join(between))
    });
    engine.register_fn("base32_sha256", |value: Dynamic, length: Dynamic| {
        let length = count("base32_sha256", "the length", &length)?;
        let text = text("base32_sha256", "the text", &value)?;
        Given::Ok(stand_in(&text, length))
    });
}

/// Fills a text up from the left.
pub(in crate::engine::expression) fn padded(text: &str, length: usize, fill: &str) -> String {
    let missing = length.saturating_sub(text.chars().count());
    let fill = fill.chars().next().unwrap_or(' ');
    let filled = std::iter::repeat_n(fill, missing).chain(text.chars());
    filled.collect()
}

/// Gives so many characters that stand for a text.
pub(in crate::engine::expression) fn stand_in(text: &str, length: usize) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    base32(digest.as_ref()).chars().take(length).collect()
}

fn trim(value: &Dynamic) -> Given<String> {
    Ok(text("trim", "the text", value)?.trim().to_owned())
}

fn truncate(value: &Dynamic, length: &Dynamic) -> Given<String> {
    let length = count("truncate", "the length", length)?;
    let text = text("truncate", "the text", value)?;
    Ok(text.chars().take(length).collect())
}

/// Writes bytes in the alphabet of RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = (held >> bits) & 31;
            text.push(char::from(ALPHABET[index as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        let index = (held << (5 - bits)) & 31;
        text.push(char::from(ALPHABET[index as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_follows_the_standard() {
        // Test vectors of RFC 4648, section 10.
        for (plain, coded) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }
}
