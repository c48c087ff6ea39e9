"""Call a workflow from outside: send it a query or an update, and wait for it. Every failure is a CallError."""
