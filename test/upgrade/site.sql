-- A site before it installs contact_guard: roles, a CRM, and default privileges that
-- give away whatever is made.  For the fixture (make) and for test/t/059_versions.pl.
CREATE ROLE boss SUPERUSER LOGIN;
CREATE ROLE anna LOGIN;
CREATE ROLE dispatcher LOGIN;
CREATE ROLE backup LOGIN;
CREATE ROLE eve LOGIN;
CREATE ROLE gone LOGIN;
CREATE ROLE report LOGIN;
CREATE ROLE officer LOGIN;
CREATE ROLE auditor LOGIN;
CREATE ROLE pool LOGIN;
