-- Who may do what in runrate's database, for servers whose users are made by SQL: the
-- same as users.d/runrate.xml. It may be run again. docs/ACCESS.md has the table.
--
--     clickhouse-client --multiquery < roles.sql
--
-- Then a user for each part and person, with a password of its own; nobody has one yet:
--
--     CREATE USER consume IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE runrate_writer;
--     GRANT runrate_writer TO consume;
--
-- On a cluster, each statement takes ON CLUSTER. For another database than revenue,
-- replace "revenue." in the grants.

CREATE ROLE IF NOT EXISTS runrate_writer;
CREATE ROLE IF NOT EXISTS runrate_migrator;
CREATE ROLE IF NOT EXISTS runrate_monitor;
CREATE ROLE IF NOT EXISTS runrate_reader;
CREATE ROLE IF NOT EXISTS runrate_analyst;

GRANT SELECT, INSERT ON revenue.* TO runrate_writer;
GRANT SYSTEM SYNC REPLICA ON revenue.* TO runrate_writer;
GRANT SELECT ON system.clusters TO runrate_writer;

GRANT SELECT, INSERT, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER COLUMN ON revenue.* TO runrate_migrator;
GRANT DROP TABLE ON revenue._tmp_replace_* TO runrate_migrator;
GRANT DROP TABLE ON revenue.epochs TO runrate_migrator;
GRANT DROP TABLE ON revenue.all_* TO runrate_migrator;
GRANT ALTER MODIFY COMMENT ON revenue.migrations TO runrate_migrator;
-- Of the engines, the file has those that are needed. A statement cannot grant that of a
-- database (Atomic), but as one of all.
GRANT TABLE ENGINE ON * TO runrate_migrator;
GRANT CLUSTER ON *.* TO runrate_migrator;
GRANT SELECT ON system.clusters TO runrate_migrator;
GRANT SYSTEM SYNC REPLICA, SYSTEM DROP REPLICA ON revenue.* TO runrate_migrator;

GRANT SELECT ON revenue.* TO runrate_monitor;
GRANT INSERT ON revenue.lag_history TO runrate_monitor;

GRANT SELECT ON revenue.* TO runrate_reader;

GRANT SELECT ON revenue.* TO runrate_analyst;

CREATE SETTINGS PROFILE OR REPLACE runrate_reader SETTINGS
    readonly = 2,
    output_format_json_quote_decimals = 1
TO runrate_reader;

CREATE SETTINGS PROFILE OR REPLACE runrate_analyst SETTINGS
    readonly = 2,
    output_format_json_quote_decimals = 1,
    max_execution_time = 60 MIN 1 MAX 60,
    timeout_overflow_mode = 'throw' READONLY,
    max_memory_usage = 8000000000 MIN 1 MAX 8000000000,
    max_memory_usage_for_user = 16000000000 READONLY,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_result_bytes = 1000000000 MIN 1 MAX 1000000000,
    max_concurrent_queries_for_user = 8 READONLY,
    priority = 5 MIN 5
TO runrate_analyst;

CREATE QUOTA OR REPLACE runrate_analyst KEYED BY user_name
    FOR INTERVAL 3600 second MAX queries = 2000, execution_time = 3600
TO runrate_analyst;
