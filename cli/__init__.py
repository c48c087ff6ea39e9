"""The command line, one file a noun: parse, send, print. No rules."""
