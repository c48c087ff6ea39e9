"""The demo, scenarios and the test clock."""
