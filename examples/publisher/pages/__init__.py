"""The HTML pages, escaped by markupsafe, without scripts and without anything from other sites."""
