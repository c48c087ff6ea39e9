"""The workflow that sends new prices to subscriptions, its messages and its client."""
