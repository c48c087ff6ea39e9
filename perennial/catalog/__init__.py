"""Use cases of the catalog: browse it, import it, and send its new prices to subscriptions."""
