//! Characters that GP's code page does not have, written with ones it has.

use connect_proto::econnect::value::fits_code_page;

/// Each entry: characters, and what is written for any of them.
const LETTERS: &[(&str, &str)] = &[
    ("ĀĂĄǍȀȂẠẢẤẦẨẪẬẮẰẲẴẶ", "A"),
    ("āăąǎȁȃạảấầẩẫậắằẳẵặ", "a"),
    ("ĆĈĊČ", "C"),
    ("ćĉċč", "c"),
    ("ĎĐ", "D"),
    ("ďđ", "d"),
    ("ĒĔĖĘĚẸẺẼẾỀỂỄỆ", "E"),
    ("ēĕėęěẹẻẽếềểễệ", "e"),
    ("ĜĞĠĢǦ", "G"),
    ("ĝğġģǧ", "g"),
    ("ĤĦ", "H"),
    ("ĥħ", "h"),
    ("ĨĪĬĮİǏỈỊ", "I"),
    ("ĩīĭįıǐỉị", "i"),
    ("Ĵ", "J"),
    ("ĵ", "j"),
    ("ĶǨ", "K"),
    ("ķĸǩ", "k"),
    ("ĹĻĽĿŁ", "L"),
    ("ĺļľŀł", "l"),
    ("ŃŅŇŊ", "N"),
    ("ńņňŉŋ", "n"),
    ("ŌŎŐƠǑȌȎỌỎỐỒỔỖỘỚỜỞỠỢ", "O"),
    ("ōŏőơǒȍȏọỏốồổỗộớờởỡợ", "o"),
    ("ŔŖŘ", "R"),
    ("ŕŗř", "r"),
    ("ŚŜŞȘ", "S"),
    ("śŝşș", "s"),
    ("ẞ", "SS"),
    ("ŢŤŦȚ", "T"),
    ("ţťŧț", "t"),
    ("ŨŪŬŮŰŲƯǓỤỦỨỪỬỮỰ", "U"),
    ("ũūŭůűųưǔụủứừửữự", "u"),
    ("ŴẀẂẄ", "W"),
    ("ŵẁẃẅ", "w"),
    ("ŶỲỴỶỸ", "Y"),
    ("ŷỳỵỷỹ", "y"),
    ("ŹŻ", "Z"),
    ("źż", "z"),
    // Greek
    ("ΑΆ", "A"),
    ("αά", "a"),
    ("Β", "V"),
    ("β", "v"),
    ("Γ", "G"),
    ("γ", "g"),
    ("Δ", "D"),
    ("δ", "d"),
    ("ΕΈ", "E"),
    ("εέ", "e"),
    ("Ζ", "Z"),
    ("ζ", "z"),
    ("ΗΉΙΊΪ", "I"),
    ("ηήιίϊΐ", "i"),
    ("Θ", "Th"),
    ("θ", "th"),
    ("Κ", "K"),
    ("κ", "k"),
    ("Λ", "L"),
    ("λ", "l"),
    ("Μ", "M"),
    ("μ", "m"),
    ("Ν", "N"),
    ("ν", "n"),
    ("Ξ", "X"),
    ("ξ", "x"),
    ("ΟΌΩΏ", "O"),
    ("οόωώ", "o"),
    ("Π", "P"),
    ("π", "p"),
    ("Ρ", "R"),
    ("ρ", "r"),
    ("Σ", "S"),
    ("σς", "s"),
    ("Τ", "T"),
    ("τ", "t"),
    ("ΥΎΫ", "Y"),
    ("υύϋΰ", "y"),
    ("Φ", "F"),
    ("φ", "f"),
    ("Χ", "Ch"),
    ("χ", "ch"),
    ("Ψ", "Ps"),
    ("ψ", "ps"),
    // Cyrillic
    ("А", "A"),
    ("а", "a"),
    ("Б", "B"),
    ("б", "b"),
    ("В", "V"),
    ("в", "v"),
    ("ГҐ", "G"),
    ("гґ", "g"),
    ("Д", "D"),
    ("д", "d"),
    ("ЕЁЭ", "E"),
    ("еёэ", "e"),
    ("Є", "Ye"),
    ("є", "ye"),
    ("Ж", "Zh"),
    ("ж", "zh"),
    ("З", "Z"),
    ("з", "z"),
    ("ИІ", "I"),
    ("иі", "i"),
    ("Ї", "Yi"),
    ("ї", "yi"),
    ("ЙЫ", "Y"),
    ("йы", "y"),
    ("К", "K"),
    ("к", "k"),
    ("Л", "L"),
    ("л", "l"),
    ("М", "M"),
    ("м", "m"),
    ("Н", "N"),
    ("н", "n"),
    ("О", "O"),
    ("о", "o"),
    ("П", "P"),
    ("п", "p"),
    ("Р", "R"),
    ("р", "r"),
    ("С", "S"),
    ("с", "s"),
    ("Т", "T"),
    ("т", "t"),
    ("У", "U"),
    ("у", "u"),
    ("Ф", "F"),
    ("ф", "f"),
    ("Х", "Kh"),
    ("х", "kh"),
    ("Ц", "Ts"),
    ("ц", "ts"),
    ("Ч", "Ch"),
    ("ч", "ch"),
    ("Ш", "Sh"),
    ("ш", "sh"),
    ("Щ", "Shch"),
    ("щ", "shch"),
    ("ЬЪьъ", ""),
    ("Ю", "Yu"),
    ("ю", "yu"),
    ("Я", "Ya"),
    ("я", "ya"),
    ("Ј", "J"),
    ("ј", "j"),
    ("Љ", "Lj"),
    ("љ", "lj"),
    ("Њ", "Nj"),
    ("њ", "nj"),
    ("Ћ", "C"),
    ("ћ", "c"),
    ("Ђ", "Dj"),
    ("ђ", "dj"),
    ("Џ", "Dz"),
    ("џ", "dz"),
    // signs
    ("\u{2010}\u{2011}\u{2012}\u{2212}", "-"),
    ("\u{2002}\u{2003}\u{2009}\u{202F}", " "),
    (
        "\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{FEFF}\u{FE0F}",
        "",
    ),
    ("\u{2032}", "'"),
    ("\u{2033}", "\""),
    ("№", "No."),
];

/// Writes a text with the characters of code page 1252 as far as they are known; others stay, for
/// the check of the document to find.
pub(super) fn to_code_page(text: &str) -> String {
    if fits_code_page(text).is_ok() {
        return text.to_owned();
    }
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        let mut bytes = [0; 4];
        if fits_code_page(character.encode_utf8(&mut bytes)).is_ok() {
            written.push(character);
        } else if let Some(letters) = replacement(character) {
            written.push_str(letters);
        } else {
            written.push(character);
        }
    }
    written
}

fn replacement(character: char) -> Option<&'static str> {
    if ('\u{0300}'..='\u{036F}').contains(&character) {
        return Some("");
    }
    let entry = LETTERS
        .iter()
        .find(|(characters, _)| characters.contains(character));
    entry.map(|(_, letters)| *letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_countries_are_written() {
        for (text, written) in [
            ("Köln", "Köln"),
            ("Łukasz Żółć", "Lukasz Zólc"),
            ("Đặng Thị Hương", "Dang Thi Huong"),
            ("Αθήνα", "Athina"),
            ("Щёлково", "Shchelkovo"),
            ("e\u{0301}t\u{0301}", "et"),
            ("A\u{2011}B \u{2212}1", "A-B -1"),
        ] {
            assert_eq!(to_code_page(text), written);
            assert!(fits_code_page(&to_code_page(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_unknown_stays() {
        assert_eq!(to_code_page("東京"), "東京");
    }

    #[test]
    fn every_replacement_exists_in_the_code_page() {
        for (_, letters) in LETTERS {
            assert!(fits_code_page(letters).is_ok(), "{letters}");
        }
    }
}
