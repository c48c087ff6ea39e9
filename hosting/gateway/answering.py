"""The answer to a publisher's request, once it is known who sent it: the use cases for publishers, over HTTP."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from activities.errors import TokenRefused as TokenNotValid
from activities.errors import Transient, one_line
from domain.subscription.decision import Answer, Outcome
from hosting.gateway.refusals import Malformed, NotYours, Replayed, TokenRefused, Unavailable
from hosting.gateway.requests import ActivateSubscription, RejectChange, Request, Resolve, ShowDetails, parse
from perennial.subscription.publishers import (
    ForPublishers,
    NotReady,
    NotYourSubscription,
    RequestRepeated,
    Sender,
    TokenOfAnother,
)
from workflows.calls.errors import Rejected

OK, CONFLICT = 200, 409


@dataclass(frozen=True)
class Reply:
    """The status, and what the response's body holds."""

    status: int
    content: BaseModel


async def answer(publishers: ForPublishers, sender: Sender, body: bytes, now: datetime) -> Reply:
    """The answer to an authenticated publisher, as of now. It uses the request's id up, except after Replayed.

    Raises Refused.
    """
    try:
        await publishers.take(sender, now)
        found = await _found(publishers, sender, parse(body), now)
    except RequestRepeated:
        raise Replayed from None
    except NotYourSubscription:
        raise NotYours from None
    except TokenNotValid:
        raise TokenRefused(
            "token: it is not valid (ISV-3). Send the token exactly as in the link, within 24 hours; "
            "otherwise the buyer asks the seller for a new link."
        ) from None
    except TokenOfAnother as error:
        raise TokenRefused(f"subscription_id: {error}") from None
    except Rejected as error:
        raise Malformed(one_line(str(error))) from None
    except NotReady as error:
        raise Unavailable(error.message) from None
    except Transient:
        raise Unavailable from None
    refused = isinstance(found, Answer) and found.outcome is Outcome.REFUSED
    return Reply(CONFLICT if refused else OK, found)


async def _found(publishers: ForPublishers, sender: Sender, asked: Request, now: datetime) -> BaseModel:
    match asked:
        case Resolve():
            return await publishers.resolve(sender, asked.token, now)
        case ActivateSubscription():
            return await publishers.activate(sender, asked.subscription_id, asked.token, asked.actor, now)
        case RejectChange():
            return await publishers.reject_quantity(
                sender, asked.subscription_id, asked.sequence, asked.reason, asked.actor, now
            )
        case ShowDetails():
            return await publishers.details(sender, asked.subscription_id)
