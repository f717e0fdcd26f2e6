//! Changes made to texts on their way into the document.

use super::model::Transform;
use super::transliterate::to_code_page;

/// Applies transforms in order; what changed something is told in `notes`.
pub(super) fn apply(transforms: &[Transform], text: String, notes: &mut Vec<String>) -> String {
    transforms.iter().fold(text, |text, transform| {
        let changed = one(*transform, &text);
        if changed != text {
            notes.push(format!(
                "{}: \"{text}\" became \"{changed}\"",
                name(*transform)
            ));
        }
        changed
    })
}

fn one(transform: Transform, text: &str) -> String {
    match transform {
        Transform::Trim => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Transform::Upper => text.to_uppercase(),
        Transform::Lower => text.to_lowercase(),
        Transform::Truncate(length) => {
            let cut: String = text.chars().take(length.into()).collect();
            cut.trim_end().to_owned()
        }
        Transform::Cp1252 => to_code_page(text),
        Transform::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        Transform::Last(length) => {
            let extra = text.chars().count().saturating_sub(length.into());
            text.chars().skip(extra).collect()
        }
    }
}

fn name(transform: Transform) -> String {
    match transform {
        Transform::Trim => "trim".into(),
        Transform::Upper => "upper".into(),
        Transform::Lower => "lower".into(),
        Transform::Truncate(length) => format!("truncate {length}"),
        Transform::Cp1252 => "cp1252".into(),
        Transform::Digits => "digits".into(),
        Transform::Last(length) => format!("last {length}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_changes_are_told() {
        let mut notes = Vec::new();
        let transforms = [
            Transform::Trim,
            Transform::Cp1252,
            Transform::Truncate(6),
            Transform::Upper,
        ];
        let text = apply(&transforms, "  Łódź \t Street ".into(), &mut notes);
        assert_eq!(text, "LÓDZ S");
        assert_eq!(
            notes,
            [
                "trim: \"  Łódź \t Street \" became \"Łódź Street\"",
                "cp1252: \"Łódź Street\" became \"Lódz Street\"",
                "truncate 6: \"Lódz Street\" became \"Lódz S\"",
                "upper: \"Lódz S\" became \"LÓDZ S\"",
            ]
        );
        assert_eq!(one(Transform::Last(4), "123456"), "3456");
        assert_eq!(one(Transform::Digits, "+1 (701) 555"), "1701555");
    }
}
