"""The tenant service, in which the users of what is sold sign in: embedded, or over HTTP."""
