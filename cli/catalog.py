"""The sample offers and customers that `buy` takes, until there is a catalog."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from cli.failure import Failure, misused
from domain.faults import faults_of
from domain.offers import Offer
from domain.values import Id, Instant, Strict

FILE = Path(__file__).parent.parent / "scenarios" / "catalog.yaml"


class CatalogOffer(Offer):
    """An offer with what the catalog alone knows of it."""

    one_per_customer: bool = False

    def sold(self) -> Offer:
        """The copy that a subscription keeps (BUY-5)."""
        return Offer.model_validate(self.model_dump(exclude={"one_per_customer"}))


class Customer(Strict):
    """Who can buy. `account_opened` defaults to the first order's instant (SUS-3)."""

    id: Id
    name: Annotated[str, Field(max_length=200)]
    account_opened: Instant | None = None


class Catalog(Strict):
    """What is sold, and to whom."""

    offers: Annotated[tuple[CatalogOffer, ...], Field(strict=False)]
    customers: Annotated[tuple[Customer, ...], Field(strict=False)]

    def offer(self, offer_id: str) -> CatalogOffer:
        """The offer of that id. Raises Failure naming the ids that there are."""
        found = next((offer for offer in self.offers if offer.id == offer_id), None)
        if found is None:
            raise Failure(f"OFFER: got '{offer_id}'; takes one of {', '.join(offer.id for offer in self.offers)}.")
        return found

    def customer(self, customer_id: str) -> Customer:
        """The customer of that id: a purchase needs a customer record (ELG-8). Raises Failure."""
        found = next((customer for customer in self.customers if customer.id == customer_id), None)
        if found is None:
            known = ", ".join(customer.id for customer in self.customers)
            raise Failure(f"--customer: got '{customer_id}'; takes one of {known} (ELG-8: it has no record).")
        return found


def load() -> Catalog:
    """The catalog's file."""
    import json

    from cli.scenario_file import load as plain
    from statemachines.scenario import Malformed

    try:
        return Catalog.model_validate_json(json.dumps(plain(FILE)))
    except Malformed as malformed:
        raise misused(malformed.faults, where=FILE.name) from None
    except ValidationError as error:
        raise misused(faults_of(error), where=FILE.name) from None
