//! The shape of a profile: what the packaged order flow can be told, checked before it is published.

mod check;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::FieldError;

/// Everything wrong with a profile; nothing when it may be published.
pub(crate) fn check(body: &Value) -> Vec<FieldError> {
    let profile: Profile = match serde_path_to_error::deserialize(body) {
        Ok(profile) => profile,
        Err(error) => {
            let path = error.path().to_string();
            let field = if path == "." {
                "body".to_owned()
            } else {
                format!("body.{path}")
            };
            return vec![FieldError {
                field,
                message: error.inner().to_string(),
            }];
        }
    };
    check::values(&profile)
}

/// Settings of the order flow for one store and company pair.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    trigger: Trigger,
    go_live: String,
    document: Document,
    customer: Customer,
    addresses: Prefixed,
    order_number: OrderNumber,
    prices: Prices,
    rounding: Rounding,
    checkout_attributes: CheckoutAttributes,
    gift_cards: Credit,
    reward_points: Credit,
    unexplained_credit: Unexplained,
    taxes: Taxes,
    payments: Vec<Payment>,
    currencies: BTreeMap<String, Currency>,
    shipping_methods: BTreeMap<String, String>,
    #[serde(default)]
    user_defined: Vec<UserDefined>,
}

#[derive(Debug, Deserialize)]
enum Trigger {
    #[serde(rename = "order.placed")]
    Placed,
    #[serde(rename = "order.paid")]
    Paid,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "GP calls it document id")]
struct Document {
    sop_type: i64,
    document_id: String,
    batch: String,
    site: String,
    #[serde(default)]
    #[expect(dead_code, reason = "only its type matters here")]
    gapless: bool,
    #[serde(default)]
    next_batches: i64,
    #[serde(default)]
    #[expect(dead_code, reason = "only its values matter here")]
    closed_period: ClosedPeriod,
    quantity_shortage: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClosedPeriod {
    #[default]
    Refuse,
    Wait,
    NextOpenDay,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Customer {
    strategy: Strategy,
    prefix: Option<String>,
    class: Option<String>,
    single: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Strategy {
    PrefixId,
    Email,
    Single,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefixed {
    prefix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderNumber {
    prefix: String,
    #[serde(default)]
    #[expect(dead_code, reason = "only its type matters here")]
    buyer_po: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    #[serde(rename = "use")]
    basis: PriceBasis,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PriceBasis {
    Net,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rounding {
    #[expect(dead_code, reason = "only its type matters here")]
    leftover: Leftover,
    limit_cents: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Leftover {
    LargestLine,
    Misc,
    DeadLetter,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckoutAttributes {
    #[serde(rename = "as")]
    #[expect(dead_code, reason = "only its type matters here")]
    kind: CheckoutAttributesAs,
    limit_cents: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CheckoutAttributesAs {
    Misc,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "GP's own names")]
struct Credit {
    #[serde(rename = "as")]
    kind: CreditAs,
    PYMTTYPE: Option<i64>,
    CHEKBKID: Option<String>,
    CARDNAME: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CreditAs {
    Deposit,
    Discount,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unexplained {
    GiftCards,
    RewardPoints,
    DeadLetter,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taxes {
    rules: Vec<TaxRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxRule {
    country: String,
    #[serde(rename = "state")]
    _state: Option<String>,
    #[serde(rename = "county")]
    _county: Option<String>,
    postcode_from: Option<String>,
    postcode_to: Option<String>,
    rate: String,
    schedule: String,
    details: Vec<TaxDetail>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "GP's own names")]
struct TaxDetail {
    TAXDTLID: String,
    rate: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "GP's own names")]
struct Payment {
    method: String,
    status: String,
    #[serde(rename = "as")]
    kind: PaymentAs,
    PYMTTYPE: Option<i64>,
    CHEKBKID: Option<String>,
    CARDNAME: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentAs {
    Deposit,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(non_snake_case, reason = "GP's own names")]
struct Currency {
    CURNCYID: String,
    decimals: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserDefined {
    element: String,
    path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        serde_json::from_str(include_str!("../../../tests/fixtures/profile.json")).expect("JSON")
    }

    fn fields(body: &Value) -> Vec<String> {
        check(body).into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn the_sample_profile_may_be_published() {
        assert_eq!(check(&sample()), []);
    }

    #[test]
    fn shape_errors_name_their_path() {
        let mut body = sample();
        body["document"]["sop_typ"] = 2.into();
        assert_eq!(fields(&body), ["body.document.sop_typ"]);
        let mut body = sample();
        body["payments"][0]["as"] = "cash".into();
        assert_eq!(fields(&body), ["body.payments[0].as"]);
        assert_eq!(fields(&Value::Null), ["body"]);
    }

    #[test]
    fn all_wrong_values_are_named_at_once() {
        let mut body = sample();
        body["go_live"] = "soon".into();
        body["document"]["batch"] = "WEB{week}".into();
        body["document"]["next_batches"] = 10.into();
        body["taxes"]["rules"][0]["rate"] = "9".into();
        body["payments"][0]["CARDNAME"] = Value::Null;
        assert_eq!(
            fields(&body),
            [
                "body.go_live",
                "body.document.batch",
                "body.document.next_batches",
                "body.payments[0].CARDNAME",
                "body.taxes.rules[0].details"
            ]
        );
    }
}
