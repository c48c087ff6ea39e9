#!/usr/bin/env bash
# Another service that suspends a subscription through the server's HTTP API, with curl only.
#
#     suspend_by_http.sh SUBSCRIPTION CASE
#
# API is the namespace's address, such as http://127.0.0.1:7243/api/v1/namespaces/default. CASE is an id of your own:
# repeating it has no further effect and returns the first answer. Exit code 0: done or unchanged; 2: refused by a rule;
# 1: malformed, unknown or no answer.
set -euo pipefail

if [ $# -ne 2 ] || [ -z "${API:-}" ]; then
    echo "usage: API=http://host:port/api/v1/namespaces/default suspend_by_http.sh SUBSCRIPTION CASE" >&2
    exit 1
fi
subscription=$1 case=$2

answer=$(curl -sS --max-time 30 "$API/workflows/subscription:$subscription/update/suspend" -d '{
    "request": {
        "meta": {"updateId": "'"$case"'"},
        "input": {"args": [{"by": "service", "actor": "fraud-detection", "reason": "fraud", "command_id": "'"$case"'"}]}
    },
    "waitPolicy": {"lifecycleStage": "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"}
}')
echo "$answer"
# The HTTP status is 200 for a malformed request too; the body holds the failure.
case $answer in
    *'"outcome":"refused"'*) exit 2 ;;
    *'"success"'*) exit 0 ;;
    *) exit 1 ;;
esac
