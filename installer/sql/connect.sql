-- Integration Hero Connect: prepares one GP company database for the agent.
-- Run it in each company database as a member of db_owner; running it again changes nothing.
-- Afterwards give the agent's login its place, in each company database:
--     CREATE USER [connect_agent_login] FOR LOGIN [connect_agent_login];
--     ALTER ROLE connect_agent ADD MEMBER [connect_agent_login];
-- and in the system database (DYNAMICS), so that it can read GP's error texts and company names:
--     CREATE USER [connect_agent_login] FOR LOGIN [connect_agent_login];
--     GRANT SELECT ON dbo.taErrorCode TO [connect_agent_login];
--     GRANT SELECT ON dbo.SY01500 TO [connect_agent_login];
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
