//! Conversions between the eConnect language and the tunnel's messages.

use crate::econnect::ErrorClass;
use crate::tunnel::v1;

impl From<ErrorClass> for v1::ErrorClass {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Busy => Self::Busy,
            ErrorClass::Unavailable => Self::Unavailable,
            ErrorClass::Authentication => Self::Authentication,
            ErrorClass::InvalidData => Self::InvalidData,
            ErrorClass::BusinessRule => Self::BusinessRule,
            ErrorClass::Duplicate => Self::Duplicate,
            ErrorClass::Bug => Self::Bug,
        }
    }
}
