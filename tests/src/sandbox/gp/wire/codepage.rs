//! Code page 1252, the single-byte text of GP's databases.

/// The characters of bytes 0x80 to 0x9F; holes map to the C1 controls.
const HIGH: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

/// Decodes single-byte text.
pub fn decode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| match byte {
            0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
            other => char::from(other),
        })
        .collect()
}

/// Encodes text; what the page lacks becomes a question mark, as on the server.
pub fn encode(text: &str) -> Vec<u8> {
    text.chars().map(encode_char).collect()
}

/// Replaces what the page lacks, so that stored text is what a single-byte column would keep.
pub fn lossy(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    decode(&encode(text))
}

fn encode_char(c: char) -> u8 {
    let code = u32::from(c);
    if code < 0x80 || (0xA0..0x100).contains(&code) {
        return u8::try_from(code).unwrap_or(b'?');
    }
    let position = HIGH.iter().position(|&known| known == c);
    position
        .and_then(|index| u8::try_from(index).ok())
        .map_or(b'?', |index| 0x80 + index)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, lossy};

    #[test]
    fn keeps_western_letters_and_loses_the_rest() {
        assert_eq!(decode(&encode("Köln – 5 €")), "Köln – 5 €");
        assert_eq!(lossy("Łódź"), "?ód?");
    }
}
