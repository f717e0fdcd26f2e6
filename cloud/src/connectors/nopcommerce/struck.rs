//! Strikes what may be a card's number out of texts that people, stores and payment plugins wrote.

use std::ops::RangeInclusive;

const CARD_DIGITS: RangeInclusive<usize> = 13..=19;

/// Strikes 13 to 19 digits that pass the cards' checksum, also written in groups.
pub(super) fn card_numbers(text: &str) -> String {
    let groups = groups(text);
    let mut out = String::with_capacity(text.len());
    let (mut kept, mut first) = (0, 0);
    while first < groups.len() {
        let Some(last) = card_from(text, &groups, first) else {
            first += 1;
            continue;
        };
        out.push_str(&text[kept..groups[first].start]);
        out.push_str("[card number]");
        kept = groups[last].end;
        first = last + 1;
    }
    out.push_str(&text[kept..]);
    out
}

/// Strikes every number of 12 digits and more, also written in groups.
pub(super) fn long_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain(std::iter::once('\0')) {
        let inside = !run.is_empty() && matches!(character, ' ' | '-');
        if character.is_ascii_digit() || inside {
            run.push(character);
            continue;
        }
        let digits = run.chars().filter(char::is_ascii_digit).count();
        out.push_str(if digits >= 12 { "[number] " } else { &run });
        run.clear();
        if character != '\0' {
            out.push(character);
        }
    }
    out.trim_end().to_owned()
}

/// Digits that stand together; `joined` when only a separator parts them from those before.
struct Group {
    start: usize,
    end: usize,
    joined: bool,
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, digits) in text.match_indices(|c: char| c.is_ascii_digit()) {
        let end = at + digits.len();
        match groups.last_mut() {
            Some(group) if group.end == at => group.end = end,
            last => {
                let joined = last.is_some_and(|group| parts(&text[group.end..at]));
                groups.push(Group {
                    start: at,
                    end,
                    joined,
                });
            }
        }
    }
    groups
}

fn parts(between: &str) -> bool {
    matches!(
        between,
        " " | "-" | "." | "\u{a0}" | "&nbsp;" | "  " | " - "
    )
}

/// The last group of a card's number that begins with this one.
fn card_from(text: &str, groups: &[Group], first: usize) -> Option<usize> {
    let mut digits = String::new();
    for (at, group) in groups.iter().enumerate().skip(first) {
        if at > first && !group.joined {
            return None;
        }
        digits.push_str(&text[group.start..group.end]);
        if digits.len() > *CARD_DIGITS.end() {
            return None;
        }
        if CARD_DIGITS.contains(&digits.len()) && checksum_holds(&digits) {
            return Some(at);
        }
    }
    None
}

/// Luhn: every second digit from the right counts twice, and the sum ends in 0.
fn checksum_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            let twice = digit * 2;
            match place % 2 {
                0 => digit,
                _ => twice / 10 + twice % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_struck_however_they_are_written() {
        for (from, to) in [
            ("4111111111111111", "[card number]"),
            (
                "card 4111 1111 1111 1111, thanks",
                "card [card number], thanks",
            ),
            ("4111-1111-1111-1111", "[card number]"),
            ("order 1042 4111 1111 1111 1111", "order 1042 [card number]"),
            (
                "3782 822463 10005<br />4111111111111111",
                "[card number]<br />[card number]",
            ),
            ("VISA4111111111111111X", "VISA[card number]X"),
        ] {
            assert_eq!(card_numbers(from), to);
        }
        for kept in [
            "",
            "PO 4711, 5 of 10",
            "4111111111111112",
            "00000000000000",
            "2026-01-02 03:04:05",
            "é 4111 und mehr",
        ] {
            assert_eq!(card_numbers(kept), kept);
        }
    }

    #[test]
    fn long_numbers_are_struck_from_what_a_store_says() {
        assert_eq!(
            long_numbers("order 1042: card 4111 1111 1111 1111 declined"),
            "order 1042: card [number] declined"
        );
        assert_eq!(long_numbers("4111111111111111"), "[number]");
        assert_eq!(long_numbers("5 of 10 left"), "5 of 10 left");
    }
}
