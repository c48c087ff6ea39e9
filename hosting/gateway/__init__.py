"""The publishers' way in: a small HTTP API that believes what is signed."""
