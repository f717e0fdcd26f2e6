-- Integration Hero Connect: prepares one GP company database for the agent.
-- Run it in each company database as a member of db_owner; running it again changes nothing.
-- Afterwards give the agent's login its place, in each company database:
--     CREATE USER [connect_agent_login] FOR LOGIN [connect_agent_login];
--     ALTER ROLE connect_agent ADD MEMBER [connect_agent_login];
-- and in the system database (DYNAMICS), so that it can read GP's error texts, company names,
-- who is at work in a batch, currencies and exchange rates:
--     CREATE USER [connect_agent_login] FOR LOGIN [connect_agent_login];
--     GRANT SELECT ON dbo.taErrorCode TO [connect_agent_login];
--     GRANT SELECT ON dbo.SY01500 TO [connect_agent_login];
--     GRANT SELECT ON dbo.SY00800 TO [connect_agent_login];
--     GRANT SELECT ON dbo.MC40200 TO [connect_agent_login];
--     GRANT SELECT ON dbo.MC40300 TO [connect_agent_login];
--     GRANT SELECT ON dbo.MC00100 TO [connect_agent_login];
-- If you like, in master, so that looks for changes reach back to the oldest open transaction:
--     GRANT VIEW SERVER STATE TO [connect_agent_login];
IF SCHEMA_ID('connect') IS NULL
BEGIN
    EXEC('CREATE SCHEMA connect AUTHORIZATION dbo');
END
GO
IF OBJECT_ID('connect.Journal') IS NULL
BEGIN
    CREATE TABLE connect.Journal (
        JournalId bigint IDENTITY(1,1) NOT NULL,
        EffectKey varchar(200) NOT NULL,
        State tinyint NOT NULL,
        CommandId char(36) NOT NULL,
        DocumentType varchar(60) NOT NULL,
        PayloadHash char(64) NOT NULL,
        Revision bigint NOT NULL,
        Numbers varchar(2000) NOT NULL,
        Answer varchar(max) NULL,
        ReservedAt datetime NOT NULL,
        CommittedAt datetime NULL,
        CONSTRAINT PK_connect_Journal PRIMARY KEY CLUSTERED (JournalId),
        CONSTRAINT UQ_connect_Journal_EffectKey UNIQUE (EffectKey)
    );
END
GO
IF OBJECT_ID('connect.Binding') IS NULL
BEGIN
    CREATE TABLE connect.Binding (
        BindingId tinyint NOT NULL,
        Environment varchar(64) NOT NULL,
        Company char(5) NOT NULL,
        ServerName varchar(128) NOT NULL,
        DatabaseName varchar(128) NOT NULL,
        RecoveryFork varchar(36) NOT NULL,
        Incarnation char(36) NOT NULL,
        BoundAt datetime NOT NULL,
        CONSTRAINT PK_connect_Binding PRIMARY KEY CLUSTERED (BindingId)
    );
END
GO
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = 'connect_agent' AND type = 'R')
BEGIN
    CREATE ROLE connect_agent;
END
GO
GRANT SELECT, INSERT, UPDATE ON SCHEMA::connect TO connect_agent;
GO
-- The procedures of the documents the agent serves; each reads and writes with its owner's rights.
IF OBJECT_ID('dbo.taAnalyticsDistribution') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taAnalyticsDistribution TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRBankDepositsHeader') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRBankDepositsHeader TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRBankDepositsLine') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRBankDepositsLine TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRBankTransactionDist') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRBankTransactionDist TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRBankTransactionHeader') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRBankTransactionHeader TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRBankTransactionVoid') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRBankTransactionVoid TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taBRPostBankDeposits') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taBRPostBankDeposits TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateCustomerAddress') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateCustomerAddress TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateInternetAddresses') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateInternetAddresses TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateItemVendors') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateItemVendors TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateKitItemRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateKitItemRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateParentID') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateParentID TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateProcessHold') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateProcessHold TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateSOPTrackingInfo') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateSOPTrackingInfo TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateSopPaymentInsertRecord') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateSopPaymentInsertRecord TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateUpdateBatchHeaderRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateUpdateBatchHeaderRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taCreateVendorAddress') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taCreateVendorAddress TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGLTransactionHeaderInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGLTransactionHeaderInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGLTransactionLineInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGLTransactionLineInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGetIvNumber') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGetIvNumber TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGetNextJournalEntry') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGetNextJournalEntry TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGetPMNextVoucherNumber') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGetPMNextVoucherNumber TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGetPaymentNumber') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGetPaymentNumber TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taGetSopNumber') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taGetSopNumber TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVCreateItemPriceListHeader') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVCreateItemPriceListHeader TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVCreateItemPriceListLine') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVCreateItemPriceListLine TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVCreatePriceLevel') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVCreatePriceLevel TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransactionHeaderInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransactionHeaderInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransactionLineInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransactionLineInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransactionLotInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransactionLotInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransactionMultiBinInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransactionMultiBinInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransactionSerialInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransactionSerialInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransferHeaderInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransferHeaderInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransferLineInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransferLineInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransferLotInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransferLotInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransferMultiBinInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransferMultiBinInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taIVTransferSerialInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taIVTransferSerialInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taItemSite') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taItemSite TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taMdaUpdate') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taMdaUpdate TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taPMDistribution') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taPMDistribution TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taPMManualCheck') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taPMManualCheck TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taPMTransactionInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taPMTransactionInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taPMTransactionTaxInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taPMTransactionTaxInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taParentIDChild') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taParentIDChild TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMApply') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMApply TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMCashReceiptInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMCashReceiptInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMCommissions') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMCommissions TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMDistribution') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMDistribution TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMTransaction') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMTransaction TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMTransactionTaxInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMTransactionTaxInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMUnapplyTransaction') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMUnapplyTransaction TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRMVoidTransaction') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRMVoidTransaction TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taRequesterTrxDisabler') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taRequesterTrxDisabler TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopCommissions') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopCommissions TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopDeleteDocument') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopDeleteDocument TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopDistribution') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopDistribution TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopHdrIvcInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopHdrIvcInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopLineDelete') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopLineDelete TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopLineIvcInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopLineIvcInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopLineIvcInsertComponent') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopLineIvcInsertComponent TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopLineIvcTaxInsert') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopLineIvcTaxInsert TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopLotAuto') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopLotAuto TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopMultiBin') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopMultiBin TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopSerial') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopSerial TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopToPopLink') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopToPopLink TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopTrackingNum') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopTrackingNum TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopUpdateCreateProcessHold') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopUpdateCreateProcessHold TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopUserDefined') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopUserDefined TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taSopVoidDocument') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taSopVoidDocument TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taUpdateCreateCustomerRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taUpdateCreateCustomerRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taUpdateCreateItemCurrencyRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taUpdateCreateItemCurrencyRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taUpdateCreateItemRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taUpdateCreateItemRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taUpdateCreatePAVendorRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taUpdateCreatePAVendorRcd TO connect_agent;
END
GO
IF OBJECT_ID('dbo.taUpdateCreateVendorRcd') IS NOT NULL
BEGIN
    GRANT EXECUTE ON dbo.taUpdateCreateVendorRcd TO connect_agent;
END
GO
-- Whether a document may join its batch.
IF OBJECT_ID('dbo.SY00500') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY00500 TO connect_agent;
END
GO
-- The tables that the agent's named queries and its look at GP's set-up read.
IF OBJECT_ID('dbo.CM00100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.CM00100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.CM20200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.CM20200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.CM20300') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.CM20300 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL00100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL00100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL00105') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL00105 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL10000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL10000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL10001') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL10001 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL20000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL20000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.GL30000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.GL30000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV00101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00102') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV00102 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00105') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV00105 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00107') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV00107 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00108') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV00108 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV40201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV40201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV40202') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV40202 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV40400') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV40400 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV40700') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV40700 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV40800') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.IV40800 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.MC40000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.MC40000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.PM00200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.PM00200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.PM10000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.PM10000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.PM20000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.PM20000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.PM30200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.PM30200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00102') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00102 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00103') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00103 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00301') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00301 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00303') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM00303 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM10201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM10201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM10301') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM10301 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM20101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM20101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM20201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM20201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM30101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM30101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM30201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.RM30201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP00100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP00100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10102') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10102 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10103') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10103 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10104') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10104 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10105') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10105 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10106') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10106 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10107') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10107 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10202') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP10202 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP30200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP30200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP30300') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP30300 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP40200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SOP40200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY01200') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY01200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY03000') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY03000 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY03100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY03100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY03300') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY03300 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY40100') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY40100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SY40101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.SY40101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.TX00101') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.TX00101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.TX00102') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.TX00102 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.TX00201') IS NOT NULL
BEGIN
    GRANT SELECT ON dbo.TX00201 TO connect_agent;
END
GO
-- Where the owner has switched change tracking on for these, the agent follows changes by it.
IF OBJECT_ID('dbo.IV00101') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.IV00101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00102') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.IV00102 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00107') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.IV00107 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00108') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.IV00108 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00101') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM00101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM20101') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM20101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM20201') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM20201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM30101') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM30101 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM30201') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM30201 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10100') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.SOP10100 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10106') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.SOP10106 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10107') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.SOP10107 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP30200') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.SOP30200 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.IV00105') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.IV00105 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.RM00103') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.RM00103 TO connect_agent;
END
GO
IF OBJECT_ID('dbo.SOP10104') IS NOT NULL
BEGIN
    GRANT VIEW CHANGE TRACKING ON dbo.SOP10104 TO connect_agent;
END
GO
