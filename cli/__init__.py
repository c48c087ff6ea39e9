"""The command line, a folder per noun: parse, call a use case, print. No rules."""
