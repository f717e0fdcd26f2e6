//! Error codes of what all series share: batches, internet addresses.

use super::super::codes::codes;

codes! {
    MASTER_TYPE = 90_141, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "Master_Type", "The master type is none of CUS, ITM, VEN, CMP, SLP, EMP.";
    MASTER = 90_142, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "Master_ID", "There is no such master record.";
    MASTER_ADDRESS = 90_143, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "ADRSCODE", "The master record has no such address.";
    BATCH_SERIES = 90_151, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "SERIES", "The series is not 2 to 7.";
    BATCH_CHECKBOOK = 90_152, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "CHEKBKID", "There is no such checkbook.";
    BATCH_POSTING = 90_153, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "BACHNUMB", "The batch is being posted.";
}
