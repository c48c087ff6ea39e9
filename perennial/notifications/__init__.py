"""Use cases of the operators who look after the notifications to publishers."""
