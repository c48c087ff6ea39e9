"""The requests that a publisher can send: one strict model each, told apart by `do`."""

from typing import Annotated, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from domain.faults import Fault, faults_of, listed
from domain.ordering.setup_link import LONGEST_TOKEN
from domain.subscription.commands import Details, Sequence
from domain.values import Id, Signature, Strict
from hosting.gateway.refusals import Malformed

PAGE = "docs/publisher-gateway.md"
Token = Annotated[str, Field(min_length=1, max_length=LONGEST_TOKEN)]


class Resolve(Strict):
    """Ask what was bought under this token (ISV-3)."""

    do: Literal["resolve"]
    token: Token


class ActivateSubscription(Strict):
    """Report that the set-up is done: billing, trial and term begin (ISV-4)."""

    do: Literal["activate"]
    subscription_id: Id
    token: Token
    actor: Signature | None = None


class RejectChange(Strict):
    """Reject the quantity of that event: the one before it comes back (MON-4)."""

    do: Literal["reject_quantity"]
    subscription_id: Id
    sequence: Sequence
    reason: Details | None = None
    actor: Signature | None = None


class ShowDetails(Strict):
    """Ask for the subscription's details."""

    do: Literal["details"]
    subscription_id: Id


# For another request, add a model here and a case in answering.py.
Request = Resolve | ActivateSubscription | RejectChange | ShowDetails

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
_FIELDS: tuple[dict[str, FieldInfo], ...] = tuple(model.model_fields for model in get_args(Request))
_TAGS = frozenset(tag for fields in _FIELDS for tag in get_args(fields["do"].annotation))
# A value is repeated in the answer only if it cannot be a token in the wrong place.
_SAID_BACK = frozenset(name for fields in _FIELDS for name in fields) - {"token"}


def parse(body: bytes) -> Request:
    """The request in the body. Raises Malformed with its faults."""
    try:
        return _REQUESTS.validate_json(body)
    except ValidationError as error:
        raise Malformed("; ".join(listed(faults_of(error, PAGE), _words))) from None


def _words(fault: Fault) -> str:
    path = fault.path[1:] if fault.path[:1] and fault.path[0] in _TAGS else fault.path
    if not path:
        return f"The body is not a request: it takes a JSON object with `do`; see {PAGE}."
    told = Fault(path=path, got=fault.got, takes=fault.takes)
    return str(told) if path[0] in _SAID_BACK else f"{told.field}: takes {told.takes}"
