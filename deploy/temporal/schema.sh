#!/bin/sh
# The Temporal server's databases, created or brought to its version. Repeating it changes nothing.
set -eu
for database in temporal temporal_visibility; do
    case $database in
    temporal) tables=temporal ;;
    temporal_visibility) tables=visibility ;;
    esac
    tool="temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db $database"
    $tool create
    $tool setup-schema -v 0.0
    $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$tables/versioned"
done
