//! The SHA-256 fingerprint of a certificate.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::Deserialize;

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub(super) fn of(certificate: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, certificate);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = &'static str;

    /// Reads hexadecimal digits, with or without colons or blanks between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-'));
        let digits: Option<Vec<_>> = digits.map(|digit| digit.to_digit(16)).collect();
        let digits = digits.ok_or("it must be hexadecimal digits")?;
        match digits.len() {
            64 => {}
            40 => {
                return Err(
                    "that is a SHA-1 thumbprint; it must be the SHA-256 fingerprint, 64 \
                     hexadecimal digits, which `doctor` shows",
                );
            }
            _ => return Err("it must be a SHA-256 fingerprint, 64 hexadecimal digits"),
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let value = pair.iter().fold(0, |value, digit| value * 16 + digit);
            *byte = u8::try_from(value).map_err(|_| "it must be hexadecimal digits")?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_tools_print_it() {
        let print = Fingerprint::of(b"certificate");
        let text = print.to_string();
        assert_eq!(text.len(), 95);
        for written in [
            text.clone(),
            text.replace(':', ""),
            text.replace(':', " ").to_lowercase(),
        ] {
            assert_eq!(written.parse(), Ok(print), "{written}");
        }
        let sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d".parse::<Fingerprint>();
        assert!(sha1.is_err_and(|why| why.contains("SHA-1")));
        assert!("xyz".parse::<Fingerprint>().is_err());
        assert!("".parse::<Fingerprint>().is_err());
    }
}
