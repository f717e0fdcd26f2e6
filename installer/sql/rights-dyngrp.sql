-- Integration Hero Connect: the second way to give the agent its rights. GP's own role DYNGRP may
-- read and write every table of the company and execute every procedure; take it only where a
-- site's triggers or Pre and Post procedures need more than the minimal rights of connect.sql.
-- Run it in each company database after connect.sql.
ALTER ROLE DYNGRP ADD MEMBER connect_agent;
GO
