"""Publishers over HTTP: signed webhooks, to checked addresses only."""
