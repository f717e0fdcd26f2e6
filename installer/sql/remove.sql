-- Integration Hero Connect: removes what connect.sql made, with the journal in it.
-- Without the journal the agent no longer knows what it has written: documents sent again are
-- written again. Remove the members of role connect_agent first.
IF OBJECT_ID('connect.Journal') IS NOT NULL
BEGIN
    DROP TABLE connect.Journal;
END
GO
IF OBJECT_ID('connect.Binding') IS NOT NULL
BEGIN
    DROP TABLE connect.Binding;
END
GO
IF SCHEMA_ID('connect') IS NOT NULL
BEGIN
    EXEC('DROP SCHEMA connect');
END
GO
IF EXISTS (SELECT 1 FROM sys.database_principals WHERE name = 'connect_agent' AND type = 'R')
BEGIN
    DROP ROLE connect_agent;
END
GO
