"""Provisioning: grant, revoke and purge the access of a subscription's users."""
