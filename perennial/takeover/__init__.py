"""Use cases for moving in and out: take running subscriptions over from rows, and write them as rows."""
