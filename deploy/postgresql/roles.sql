-- Two roles: the owner of the tables migrates, backs up and archives; the application reads and writes
-- rows, and can neither empty nor change a table, nor switch a trigger off. Both databases' roles are made
-- when they are not there; saying it again changes nothing but the passwords. As a superuser, in
-- the platform's (still empty) database:
--
--   psql -v ON_ERROR_STOP=1 -v owner=plaza_owner -v app=plaza \
--        -v owner_password="$OWNER_PASSWORD" -v app_password="$APP_PASSWORD" \
--        -f deploy/postgresql/roles.sql plaza
--
--   DATABASE_URL=postgres://plaza:…@pooler:6432/plaza            with DATABASE_POOLED=true
--   DATABASE_DIRECT_URL=postgres://plaza_owner:…@postgres:5432/plaza
--
-- Where one role has owned everything so far: first REASSIGN OWNED BY that_role TO plaza_owner.

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY[:'owner', :'app']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

ALTER ROLE :"owner" PASSWORD :'owner_password';
ALTER ROLE :"app" PASSWORD :'app_password';

-- What config/database.py says at the start of a session, where no pooler is in between.
ALTER ROLE :"app" SET statement_timeout = '15s';
ALTER ROLE :"app" SET lock_timeout = '5s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE :"app" SET timezone = 'UTC';

SELECT current_database() AS database \gset
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";

-- Rows, and nothing else: no TRUNCATE, no REFERENCES, no TRIGGER. DISABLE TRIGGER is the owner's alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO :"app";
