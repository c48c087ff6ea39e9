#!/usr/bin/env bash
# Another service that suspends a subscription by the `temporal` command.
#
#     suspend_by_cli.sh SUBSCRIPTION CASE
#
# TEMPORAL_ADDRESS is the server's host:port, read by the command itself. CASE is an id of your own: the same one again has
# one effect, and the first answer. Exit code 0: done or already so; 2: refused by a rule; 1: malformed, unknown, no answer.
set -euo pipefail

if [ $# -ne 2 ]; then
    echo "usage: suspend_by_cli.sh SUBSCRIPTION CASE" >&2
    exit 1
fi
subscription=$1 case=$2

request=$(printf '{"by": "service", "actor": "fraud-detection", "reason": "fraud", "command_id": "%s"}' "$case")
answer=$(temporal workflow update execute --workflow-id "subscription:$subscription" --name suspend \
    --update-id "$case" --input "$request" --output json)
echo "$answer"
case $answer in
    *'"outcome": "refused"'* | *'"outcome":"refused"'*) exit 2 ;;
esac
