"""Closes months and places and lifts holds for nonpayment."""
