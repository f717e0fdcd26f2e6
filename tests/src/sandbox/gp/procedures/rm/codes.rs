//! Error codes of Receivables Management.

use super::super::codes::codes;

codes! {
    CLASS = 90_111, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CUSTCLAS", "There is no such customer class.";
    NAME = 90_112, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CUSTNAME", "A new customer needs a name.";
    CLASS_MISSING = 90_113, "taUpdateCreateCustomerRcd", "CUSTNMBR", "UseCustomerClass, CUSTCLAS", "Class defaults were asked for without a class.";
    CUSTOMER_EXISTS = 90_114, "taUpdateCreateCustomerRcd", "CUSTNMBR", "UpdateIfExists", "The customer exists already.";
    CUSTOMER_TERMS = 90_115, "taUpdateCreateCustomerRcd", "CUSTNMBR", "PYMTRMID", "There are no such payment terms.";
    CUSTOMER_SHIPPING = 90_116, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SHIPMTHD", "There is no such shipping method.";
    CUSTOMER_SCHEDULE = 90_117, "taUpdateCreateCustomerRcd", "CUSTNMBR", "TAXSCHID", "There is no such tax schedule.";
    CUSTOMER_SALESPERSON = 90_118, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SLPRSNID", "There is no such salesperson.";
    CUSTOMER_TERRITORY = 90_119, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SALSTERR", "There is no such sales territory.";
    CUSTOMER_PRICE_LEVEL = 90_120, "taUpdateCreateCustomerRcd", "CUSTNMBR", "PRCLEVEL", "There is no such price level.";
    CUSTOMER_CURRENCY = 90_121, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CURNCYID", "There is no such currency.";
    CUSTOMER_CHECKBOOK = 90_122, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CHEKBKID", "There is no such checkbook.";
    ADDRESS_CODE = 90_123, "taUpdateCreateCustomerRcd", "CUSTNMBR", "ADRSCODE", "A primary address needs an address code.";
    ADDRESS_CUSTOMER = 90_131, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "CUSTNMBR", "There is no such customer.";
    ADDRESS_EXISTS = 90_132, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "UpdateIfExists", "The address exists already.";
    ADDRESS_SHIPPING = 90_133, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SHIPMTHD", "There is no such shipping method.";
    ADDRESS_SCHEDULE = 90_134, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "TAXSCHID", "There is no such tax schedule.";
    ADDRESS_SITE = 90_135, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "LOCNCODE", "There is no such site.";
    ADDRESS_SALESPERSON = 90_136, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SLPRSNID", "There is no such salesperson.";
    ADDRESS_TERRITORY = 90_137, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SALSTERR", "There is no such sales territory.";
    RECEIPT_CUSTOMER = 92_001, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CUSTNMBR", "There is no such customer.";
    RECEIPT_CUSTOMER_INACTIVE = 92_002, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CUSTNMBR", "The customer is inactive.";
    RECEIPT_TYPE = 92_003, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CSHRCTYP", "The receipt type is not 0, 1 or 2.";
    RECEIPT_AMOUNT = 92_004, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "ORTRXAMT", "The amount is not above zero.";
    RECEIPT_CARD = 92_005, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CRCARDID, CSHRCTYP", "A receipt by card needs a card that exists.";
    RECEIPT_CHECKBOOK = 92_006, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CHEKBKID, BatchCHEKBKID", "A receipt by check or cash needs a checkbook that exists.";
    RECEIPT_CURRENCY = 92_007, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CURNCYID", "There is no such currency.";
    RECEIPT_FOREIGN = 92_008, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "CURNCYID", "Receipts in other currencies than the functional one are not built in the sandbox.";
    RECEIPT_EXISTS = 92_009, "taRMCashReceiptInsert", "CUSTNMBR, DOCNUMBR", "DOCNUMBR", "A receipt with this number exists already.";
}
