"""The tenant service: where the users of the sold service sign in, embedded or over HTTP."""
