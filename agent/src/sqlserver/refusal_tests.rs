//! What is read from a call, and what a person is told.

use super::*;

fn called(state: i64, text: &str, return_code: i32) -> Called {
    let outputs = vec![
        (OUT_STATE.to_owned(), Cell::Int(state)),
        (OUT_TEXT.to_owned(), Cell::Text(text.to_owned())),
    ];
    Called {
        return_code,
        outputs,
        raised: None,
    }
}

#[test]
fn a_verdict_is_read_from_state_text_and_return_code() {
    assert_eq!(Verdict::of(&called(0, "   ", 0)), Verdict::Accepted);
    assert_eq!(
        Verdict::of(&called(67, "67 235  ", 67)),
        Verdict::Codes(vec![67, 235])
    );
    assert_eq!(Verdict::of(&called(67, "", 0)), Verdict::Codes(vec![67]));
    assert_eq!(Verdict::of(&called(0, "", 9)), Verdict::Codes(vec![9]));
    let text = "Credit limit exceeded".to_owned();
    let words = Verdict::Words {
        state: 35_010,
        text,
    };
    assert_eq!(
        Verdict::of(&called(35_010, "Credit limit exceeded", 1)),
        words
    );
    assert_eq!(Verdict::of(&called(0, "235", 0)), Verdict::Codes(vec![235]));
}

#[test]
fn the_field_at_fault_is_named_with_its_value() {
    let node = Node::new("taSopHdrIvcInsert")
        .with("SOPNUMBE", "O1")
        .with("DOCAMNT", "10.01");
    let path = "SOPTransactionType/taSopHdrIvcInsert";
    let verdict = Verdict::Codes(vec![235]);
    let procedure = "taSopHdrIvcInsert";
    let refused = Refused {
        node: &node,
        path,
        procedure,
        verdict,
    };
    let words = Words {
        procedure: "taSopHdrIvcInsert".to_owned(),
        text: "Doc amount is wrong".to_owned(),
        key_fields: "SOPNUMBE, SOPTYPE".to_owned(),
        parameters: "@I_vDOCAMNT SUBTOTAL".to_owned(),
    };
    let errors = errors(&refused, &HashMap::from([(235, words)]));
    assert_eq!(errors[0].element, "DOCAMNT");
    assert_eq!(errors[0].value, "10.01");
    assert_eq!(errors[0].text, "Doc amount is wrong");
    assert_eq!(
        errors[0].key_fields.get("SOPNUMBE").map(String::as_str),
        Some("O1")
    );
    assert!(!errors[0].repair.is_empty());
    assert_eq!(class(&refused, &errors), ErrorClass::InvalidData);
}

#[test]
fn locks_are_told_from_refusals() {
    assert!(Verdict::Codes(vec![2079]).is_lock());
    assert!(!Verdict::Codes(vec![67]).is_lock());
    let deadlock = Verdict::Raised {
        number: 1205,
        procedure: String::new(),
        message: String::new(),
    };
    assert!(deadlock.is_lock());
}
