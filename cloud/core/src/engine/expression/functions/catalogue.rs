//! The functions formulas may call, as people read of them. Nothing that is not here is reachable.

use FunctionGroup::{Addresses, Dates, Lists, Numbers, Rules, Text};

/// A function formulas may call.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Where people look for it.
    pub group: FunctionGroup,
    /// How it is called; what stands before a dot may also be written so: `sum(list)`.
    pub call: &'static str,
    /// What it gives.
    pub says: &'static str,
    /// A formula that calls it.
    pub example: &'static str,
    /// JSON of what the example gives.
    pub gives: &'static str,
}

/// Where people look for a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionGroup {
    /// Lists and groups of fields.
    Lists,
    /// Tables of rules.
    Rules,
    /// Amounts and quantities.
    Numbers,
    /// Characters.
    Text,
    /// Postal addresses.
    Addresses,
    /// Days and instants.
    Dates,
}

const fn function(
    group: FunctionGroup,
    name: &'static str,
    call: &'static str,
    says: &'static str,
    example: &'static str,
    gives: &'static str,
) -> Function {
    Function {
        name,
        group,
        call,
        says,
        example,
        gives,
    }
}

/// Every function, in the order people read them.
#[rustfmt::skip]
pub(in crate::engine::expression) static FUNCTIONS: &[Function] = &[
    function(Lists, "len", "list.len()", "How many entries a list, or characters a text, has.", "[1, 2, 3].len()", "3"),
    function(Lists, "is_empty", "list.is_empty()", "Whether a list or a text has nothing in it.", "[].is_empty()", "true"),
    function(Lists, "map", "list.map(|entry, place| formula)", "The list of what a formula gives for each entry.", "[1, 2].map(|n| n * 10)", "[10,20]"),
    function(Lists, "filter", "list.filter(|entry| formula)", "The entries for which a formula is true.", "[1, 5, 9].filter(|n| n > 3)", "[5,9]"),
    function(Lists, "find", "list.find(|entry| formula)", "The first entry for which a formula is true, or nothing.", "[1, 5, 9].find(|n| n > 3)", "5"),
    function(Lists, "find_map", "list.find_map(|entry| formula)", "The first thing a formula gives that is not nothing.", "[1, 5].find_map(|n| if n > 3 { n * 2 } else { () })", "10"),
    function(Lists, "all", "list.all(|entry| formula)", "Whether a formula is true for every entry.", "[1, 5].all(|n| n > 0)", "true"),
    function(Lists, "some", "list.some(|entry| formula)", "Whether a formula is true for an entry.", "[1, 5].some(|n| n > 3)", "true"),
    function(Lists, "reduce", "list.reduce(|so_far, entry| formula, first)", "What comes of taking in one entry after the other.", "[1, 2, 3].reduce(|so_far, n| so_far * n, 1)", "6"),
    function(Lists, "contains", "list.contains(value)", "Whether a list has an entry, a group a field, or a text a part; also `value in list`.", "[\"Paid\", \"Open\"].contains(\"Paid\")", "true"),
    function(Lists, "keys", "group.keys()", "The names of a group's fields.", "#{a: 1, b: 2}.keys()", "[\"a\",\"b\"]"),
    function(Lists, "values", "group.values()", "The values of a group's fields.", "#{a: 1, b: 2}.values()", "[1,2]"),
    function(Lists, "lookup", "lookup(group, name)", "The field of a name, or nothing; nothing too where the group is nothing.", "lookup(#{US: \"GROUND\"}, \"US\")", "\"GROUND\""),
    function(Lists, "coalesce", "coalesce(first, second, ...)", "The first of two to five values that is neither nothing nor blank.", "coalesce((), \" \", \"x\")", "\"x\""),
    function(Lists, "is_blank", "is_blank(value)", "Whether a value is nothing or a text of blanks.", "is_blank(\" \")", "true"),
    function(Lists, "item", "item(list, place)", "The entry at a place, counted from 0; a number of either kind is a place.", "item([\"a\", \"b\"], 1)", "\"b\""),
    function(Lists, "flatten", "flatten(lists)", "One list of the entries of several.", "flatten([[1], [2, 3]])", "[1,2,3]"),
    function(Lists, "group_sum", "group_sum(list, names, amounts)", "One entry for each set of equal fields, with the sums of other fields.", "group_sum([#{k: 1, v: 1}, #{k: 1, v: 2}], [\"k\"], [\"v\"])", "[{\"k\":1,\"v\":3}]"),
    function(Lists, "nearest", "nearest(list, field, number)", "The entry whose field is nearest to a number.", "nearest([#{rate: 5}, #{rate: 9}], \"rate\", 8).rate", "9"),
    function(Lists, "nearest_index", "nearest_index(list, field, number)", "The place of that entry, -1 in an empty list.", "nearest_index([#{rate: 5}, #{rate: 9}], \"rate\", 8)", "1"),
    function(Rules, "match_rule", "match_rule(rules, facts)", "The rule that fits all facts and says most: its fields equal the facts, fit them as a pattern with *, hold them between NAME_from and NAME_to, or are blank.", "match_rule([#{country: \"*\", id: 1}, #{country: \"US\", id: 2}], #{country: \"US\"}).id", "2"),
    function(Rules, "first_rule", "first_rule(rules, facts)", "The first rule that fits all facts.", "first_rule([#{country: \"*\", id: 1}, #{country: \"US\", id: 2}], #{country: \"US\"}).id", "1"),
    function(Numbers, "money", "money(amount, decimals)", "The amount rounded half up, away from zero, to exactly so many decimals.", "money(1.005, 2)", "1.01"),
    function(Numbers, "round_half_up", "round_half_up(amount, decimals)", "The same.", "round_half_up(2.5, 0)", "3"),
    function(Numbers, "round_half_even", "round_half_even(amount, decimals)", "The amount rounded, halves to the even neighbour.", "round_half_even(2.5, 0)", "2"),
    function(Numbers, "sum", "sum(list)", "The sum of a list of numbers.", "sum([1.10, 2])", "3.10"),
    function(Numbers, "abs", "abs(number)", "The number without its sign.", "abs(-2.50)", "2.50"),
    function(Numbers, "sign", "sign(number)", "-1, 0 or 1.", "sign(-2)", "-1"),
    function(Numbers, "min", "min(a, b)", "The smaller of two numbers.", "min(1.50, 2.50)", "1.50"),
    function(Numbers, "max", "max(a, b)", "The larger of two numbers.", "max(1.50, 2.50)", "2.50"),
    function(Numbers, "floor", "floor(number)", "The next smaller whole number.", "floor(2.50)", "2"),
    function(Numbers, "ceiling", "ceiling(number)", "The next larger whole number.", "ceiling(2.50)", "3"),
    function(Numbers, "int", "int(number)", "The number without its decimals.", "int(2.50)", "2"),
    function(Numbers, "fraction", "fraction(number)", "The number's decimals.", "fraction(2.50)", "0.50"),
    function(Numbers, "allocate", "allocate(total, weights, decimals)", "Shares by weights that make exactly the total; what rounding leaves goes to the largest.", "allocate(10, [1, 1, 1], 2)", "[3.34,3.33,3.33]"),
    function(Numbers, "allocate_to", "allocate_to(list, field, total, decimals)", "The entries, each with its share of the total as `amount`, by the weights in a field.", "allocate_to([#{w: 1}, #{w: 3}], \"w\", 1, 2)", "[{\"amount\":0.25,\"w\":1},{\"amount\":0.75,\"w\":3}]"),
    function(Numbers, "settle", "settle(amounts, total, decimals)", "The amounts rounded so that they make exactly the total.", "settle([1.004, 2.004], 3.01, 2)", "[1.00,2.01]"),
    function(Numbers, "index_of_largest", "index_of_largest(list)", "The place of the largest amount by size, the first of equals; -1 in an empty list.", "index_of_largest([1, 3, 3])", "1"),
    function(Numbers, "unit", "unit(decimals)", "The smallest amount with so many decimals.", "unit(2)", "0.01"),
    function(Numbers, "decimal", "decimal(value)", "The number, also of a text that is one.", "decimal(\"8.25\")", "8.25"),
    function(Numbers, "parse_decimal", "parse_decimal(text)", "The number a text is.", "parse_decimal(\"8.25\")", "8.25"),
    function(Text, "text", "text(value)", "The value as text: a number without zeros behind, nothing as an empty text.", "text(1.50)", "\"1.5\""),
    function(Text, "to_string", "value.to_string()", "The value as it is shown.", "(1.50).to_string()", "\"1.50\""),
    function(Text, "upper", "upper(text)", "In capitals.", "upper(\"nd\")", "\"ND\""),
    function(Text, "lower", "lower(text)", "In small letters.", "lower(\"ND\")", "\"nd\""),
    function(Text, "to_upper", "text.to_upper()", "In capitals.", "\"nd\".to_upper()", "\"ND\""),
    function(Text, "to_lower", "text.to_lower()", "In small letters.", "\"ND\".to_lower()", "\"nd\""),
    function(Text, "trim", "trim(text)", "Without blanks at its ends.", "trim(\" a \")", "\"a\""),
    function(Text, "truncate", "truncate(text, length)", "The first so many characters.", "truncate(\"abc\", 2)", "\"ab\""),
    function(Text, "pad_left", "pad_left(value, length, fill)", "Filled up from the left to a length.", "pad_left(42, 6, \"0\")", "\"000042\""),
    function(Text, "join", "join(list, between)", "The parts that are not blank, one behind the other.", "join([\"Anna\", (), \"Field\"], \" \")", "\"Anna Field\""),
    function(Text, "split", "text.split(between)", "The parts of a text.", "\"a,b\".split(\",\")", "[\"a\",\"b\"]"),
    function(Text, "starts_with", "text.starts_with(part)", "Whether a text begins so.", "\"N1-7\".starts_with(\"N1\")", "true"),
    function(Text, "ends_with", "text.ends_with(part)", "Whether a text ends so.", "\"N1-7\".ends_with(\"7\")", "true"),
    function(Text, "sub_string", "text.sub_string(place, length)", "So many characters from a place, counted from 0.", "\"abcd\".sub_string(1, 2)", "\"bc\""),
    function(Text, "index_of", "text.index_of(part)", "Where a part begins, counted from 0; -1 where it is not there.", "\"abcd\".index_of(\"c\")", "2"),
    function(Text, "base32_sha256", "base32_sha256(text, length)", "So many characters that stand for a text and hardly for any other: always the same for the same text.", "base32_sha256(\"foo\", 6)", "\"FQTLI2\""),
    function(Addresses, "normalise_address", "normalise_address(address)", "An address written so that two ways of typing it are the same.", "normalise_address(#{city: \" Fargo\"}) == normalise_address(#{city: \"FARGO\"})", "true"),
    function(Addresses, "address_lines", "address_lines(lines, width, most)", "So many lines, none longer than the width: a longer one goes on in the next.", "address_lines([\"10 Main Street\"], 8, 2)", "[\"10 Main\",\"Street\"]"),
    function(Dates, "local_date", "local_date(instant, zone)", "The day on which an instant falls in a time zone.", "local_date(\"2026-03-04T02:18:22Z\", \"America/Chicago\")", "\"2026-03-03\""),
    function(Dates, "format_date", "format_date(instant, zone, pattern)", "An instant written by a pattern of yyyy, yy, MM, dd, HH, mm and ss.", "format_date(\"2026-03-04T02:18:22Z\", \"UTC\", \"dd.MM.yyyy\")", "\"04.03.2026\""),
    function(Dates, "fill_date", "fill_date(text, day)", "A text in which {yyyyMMdd} and the like are the day's.", "fill_date(\"WEB{yyyyMMdd}\", \"2026-03-04\")", "\"WEB20260304\""),
    function(Dates, "instant", "instant(text)", "An instant as a number, to compare it with others.", "instant(\"2026-03-04\") < instant(\"2026-03-05T00:00:00Z\")", "true"),
];
