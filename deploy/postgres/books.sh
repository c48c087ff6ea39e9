#!/bin/sh
# The database of the books beside those of the Temporal server: run once, when PostgreSQL makes its files.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$BOOKS_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE perennial LOGIN PASSWORD :'password';
CREATE DATABASE perennial OWNER perennial;
SQL
