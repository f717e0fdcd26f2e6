//! What a profile of the right shape may still have wrong: lengths, ranges, sums.

use rust_decimal::Decimal;

use super::{
    Credit, CreditAs, Customer, Document, Payment, PaymentAs, PriceBasis, Profile, Strategy, Taxes,
    Trigger, Unexplained,
};
use crate::error::FieldError;

/// Everything wrong.
pub(super) fn values(profile: &Profile) -> Vec<FieldError> {
    let mut found = Found::default();
    found.document(profile);
    found.parties(profile);
    found.money(profile);
    found.taxes(&profile.taxes);
    found.rest(profile);
    found.wrong
}

#[derive(Default)]
struct Found {
    wrong: Vec<FieldError>,
}

impl Found {
    fn demand(&mut self, holds: bool, field: impl AsRef<str>, message: &str) {
        if !holds {
            let field = format!("body.{}", field.as_ref());
            self.wrong.push(FieldError {
                field,
                message: message.to_owned(),
            });
        }
    }

    /// GP's key fields: filled, printable ASCII, of limited length.
    fn key(&mut self, text: &str, most: usize, field: impl AsRef<str>) {
        let fine = !text.trim().is_empty()
            && text.len() <= most
            && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        self.demand(
            fine,
            field,
            &format!("must have 1 to {most} plain characters"),
        );
    }

    fn document(&mut self, profile: &Profile) {
        let Document {
            sop_type,
            document_id,
            batch,
            site,
            next_batches,
            quantity_shortage,
            ..
        } = &profile.document;
        // Both arms exist so that a new trigger must be thought about here.
        match profile.trigger {
            Trigger::Placed | Trigger::Paid => {}
        }
        match profile.prices.basis {
            PriceBasis::Net => {}
        }
        let live = profile.go_live.parse::<jiff::Timestamp>().is_ok();
        self.demand(live, "go_live", "must be a time like 2026-01-01T00:00:00Z");
        self.demand(
            (2..=3).contains(sop_type),
            "document.sop_type",
            "must be 2 (order) or 3 (invoice)",
        );
        self.key(document_id, 15, "document.document_id");
        self.key(site, 10, "document.site");
        let written = batch.replace("{yyyyMMdd}", "20260101");
        self.key(&written, 15, "document.batch");
        self.demand(
            !written.contains(['{', '}']),
            "document.batch",
            "knows only the placeholder {yyyyMMdd}",
        );
        self.demand(
            (0..=9).contains(next_batches),
            "document.next_batches",
            "must be 0 (wait for the batch) to 9",
        );
        self.demand(
            (1..=6).contains(quantity_shortage),
            "document.quantity_shortage",
            "must be 1 to 6 (QtyShrtOpt)",
        );
    }

    fn parties(&mut self, profile: &Profile) {
        let Customer {
            strategy,
            prefix,
            class,
            single,
        } = &profile.customer;
        match strategy {
            Strategy::Single => self.key(single.as_deref().unwrap_or(""), 15, "customer.single"),
            Strategy::PrefixId | Strategy::Email => {
                // Nine characters stay for the id.
                self.key(prefix.as_deref().unwrap_or(""), 6, "customer.prefix");
                self.key(class.as_deref().unwrap_or(""), 15, "customer.class");
            }
        }
        // Ten characters of the content's digest follow.
        self.key(&profile.addresses.prefix, 5, "addresses.prefix");
        let prefix = &profile.order_number.prefix;
        self.demand(
            prefix.len() <= 10,
            "order_number.prefix",
            "must not be longer than 10",
        );
    }

    fn money(&mut self, profile: &Profile) {
        let limit = profile.rounding.limit_cents;
        self.demand(
            (0..=10_000).contains(&limit),
            "rounding.limit_cents",
            "must be 0 to 10000",
        );
        let most = profile.checkout_attributes.limit_cents.unwrap_or(0);
        self.demand(
            (0..=1_000_000).contains(&most),
            "checkout_attributes.limit_cents",
            "must be 0 to 1000000",
        );
        for (name, credit) in [
            ("gift_cards", &profile.gift_cards),
            ("reward_points", &profile.reward_points),
        ] {
            if credit.kind == CreditAs::Deposit {
                let Credit {
                    PYMTTYPE,
                    CHEKBKID,
                    CARDNAME,
                    ..
                } = credit;
                self.deposit(name, *PYMTTYPE, CHEKBKID.as_deref(), CARDNAME.as_deref());
            }
        }
        self.payments(profile);
        self.currencies(profile);
    }

    fn payments(&mut self, profile: &Profile) {
        match profile.unexplained_credit {
            Unexplained::GiftCards | Unexplained::RewardPoints | Unexplained::DeadLetter => {}
        }
        for (index, payment) in profile.payments.iter().enumerate() {
            let name = format!("payments[{index}]");
            self.demand(
                !payment.method.is_empty(),
                format!("{name}.method"),
                "must not be empty",
            );
            let known = [
                "*",
                "Pending",
                "Authorized",
                "Paid",
                "PartiallyRefunded",
                "Refunded",
                "Voided",
            ];
            let status = known.contains(&payment.status.as_str());
            self.demand(
                status,
                format!("{name}.status"),
                "must be a payment status or *",
            );
            if payment.kind == PaymentAs::Deposit {
                let Payment {
                    PYMTTYPE,
                    CHEKBKID,
                    CARDNAME,
                    ..
                } = payment;
                self.deposit(&name, *PYMTTYPE, CHEKBKID.as_deref(), CARDNAME.as_deref());
            }
        }
    }

    fn currencies(&mut self, profile: &Profile) {
        for (code, currency) in &profile.currencies {
            let iso = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
            self.demand(
                iso,
                format!("currencies.{code}"),
                "must be named by an ISO code",
            );
            self.key(
                &currency.CURNCYID,
                15,
                format!("currencies.{code}.CURNCYID"),
            );
            let decimals = (0..=5).contains(&currency.decimals);
            self.demand(
                decimals,
                format!("currencies.{code}.decimals"),
                "must be 0 to 5",
            );
        }
        self.demand(
            !profile.currencies.is_empty(),
            "currencies",
            "must name the store's currency",
        );
    }

    fn deposit(
        &mut self,
        name: &str,
        kind: Option<i64>,
        checkbook: Option<&str>,
        card: Option<&str>,
    ) {
        let known = kind.is_some_and(|kind| (1..=6).contains(&kind));
        self.demand(
            known,
            format!("{name}.PYMTTYPE"),
            "must be 1 to 6 for a deposit",
        );
        match (kind, card) {
            (Some(3 | 6), card) => self.key(card.unwrap_or(""), 15, format!("{name}.CARDNAME")),
            (_, Some(card)) => self.key(card, 15, format!("{name}.CARDNAME")),
            (_, None) => {}
        }
        if !matches!(kind, Some(3 | 6)) || checkbook.is_some() {
            self.key(checkbook.unwrap_or(""), 15, format!("{name}.CHEKBKID"));
        }
    }

    fn taxes(&mut self, taxes: &Taxes) {
        for (index, rule) in taxes.rules.iter().enumerate() {
            let name = format!("taxes.rules[{index}]");
            let country = rule.country == "*"
                || (rule.country.len() == 2
                    && rule.country.bytes().all(|byte| byte.is_ascii_uppercase()));
            self.demand(
                country,
                format!("{name}.country"),
                "must be a two-letter ISO code",
            );
            let range = rule.postcode_from.is_some() == rule.postcode_to.is_some();
            self.demand(
                range,
                format!("{name}.postcode_to"),
                "goes together with postcode_from",
            );
            self.key(&rule.schedule, 15, format!("{name}.schedule"));
            let rate = self.percent(&rule.rate, &format!("{name}.rate"));
            let mut sum = Decimal::ZERO;
            for (at, detail) in rule.details.iter().enumerate() {
                self.key(
                    &detail.TAXDTLID,
                    15,
                    format!("{name}.details[{at}].TAXDTLID"),
                );
                sum += self.percent(&detail.rate, &format!("{name}.details[{at}].rate"));
            }
            self.demand(
                !rule.details.is_empty() && sum == rate,
                format!("{name}.details"),
                "must add up to the rule's rate",
            );
        }
    }

    fn percent(&mut self, text: &str, field: &str) -> Decimal {
        let rate = text.parse::<Decimal>().ok();
        let rate = rate.filter(|rate| *rate >= Decimal::ZERO && *rate <= Decimal::ONE_HUNDRED);
        self.demand(
            rate.is_some(),
            field,
            "must be a percentage in text, like \"8.25\"",
        );
        rate.unwrap_or_default()
    }

    fn rest(&mut self, profile: &Profile) {
        for (shop, gp) in &profile.shipping_methods {
            self.key(gp, 15, format!("shipping_methods.{shop}"));
        }
        for (index, field) in profile.user_defined.iter().enumerate() {
            let name = format!("user_defined[{index}]");
            let known = field.element.starts_with("USR") || field.element.starts_with("USERDEF");
            self.demand(
                known,
                format!("{name}.element"),
                "must be an element of taSopUserDefined",
            );
            self.demand(
                !field.path.trim().is_empty(),
                format!("{name}.path"),
                "must not be empty",
            );
        }
    }
}
