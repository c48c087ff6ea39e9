#!/usr/bin/env bash
# Another service that suspends a subscription with the `temporal` command.
#
#     suspend_by_cli.sh SUBSCRIPTION CASE
#
# The command reads the server's host:port from TEMPORAL_ADDRESS. CASE is an id of your own: repeating it has no further
# effect and returns the first answer. Exit code 0: done or unchanged; 2: refused by a rule; 1: malformed, unknown or no
# answer.
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
