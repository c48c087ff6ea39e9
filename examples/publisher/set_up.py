"""The buyer's set-up page: resolve the token, show the purchase, activate."""

from starlette.requests import Request
from starlette.responses import Response

from examples.publisher.csrf import FIELD
from examples.publisher.desk import Desk
from examples.publisher.forms import form_of
from examples.publisher.gateway import Details, GatewayAway, GatewayRefused
from examples.publisher.pages.set_up import problem_page, purchase_page, result_page, said_by_marketplace

LONGEST_TOKEN = 1000
FORM = "set-up"


async def show(request: Request, desk: Desk) -> Response:
    """GET: show the purchase of the link's token."""
    token = request.query_params.get("token", "")
    if not token or len(token) > LONGEST_TOKEN:
        return problem_page(
            desk.publisher,
            400,
            "This link is not complete",
            "Its token is missing: open the link again as the marketplace shows it.",
        )
    try:
        purchase = await desk.gateway.resolve(token)
    except (GatewayAway, GatewayRefused) as error:
        return _problem(desk, error)
    visit = desk.guard.visit(request)
    response = purchase_page(desk.publisher, purchase, token, desk.guard.seal(visit, FORM))
    desk.guard.remember(response, visit)
    return response


async def activate(request: Request, desk: Desk) -> Response:
    """POST: activate at the gateway. The token is in the body, so that it does not appear in URLs and logs."""
    form = await form_of(request)
    token = form.get("token", "")[:LONGEST_TOKEN]
    if not desk.guard.holds(request, FORM, form.get(FIELD, "")):
        return problem_page(
            desk.publisher, 403, "This page is too old", "Nothing was activated. Open your set-up link again."
        )
    try:
        purchase = await desk.gateway.resolve(token)
        answer = await desk.gateway.activate(purchase.subscription_id, token)
    except (GatewayAway, GatewayRefused) as error:
        return _problem(desk, error)
    return result_page(desk.publisher, purchase, answer, await _details(desk, purchase.subscription_id))


async def _details(desk: Desk, subscription_id: str) -> Details | None:
    try:
        return await desk.gateway.details(subscription_id)
    except (GatewayAway, GatewayRefused):
        # It is activated all the same; the page then shows less.
        return None


def _problem(desk: Desk, error: GatewayAway | GatewayRefused) -> Response:
    if isinstance(error, GatewayAway):
        return problem_page(
            desk.publisher,
            503,
            "The marketplace does not answer",
            "Your purchase is safe. Try the link again in a few minutes.",
            str(error),
        )
    if error.kind in {"TokenRefused", "NotYours", "Unknown", "Malformed"}:
        return problem_page(
            desk.publisher,
            403,
            "This link cannot be used",
            "It has expired, is not complete, or belongs to another publisher's site.",
            "A link is valid for 24 hours. Ask for a new one where you bought the subscription.",
            said_by_marketplace(error),
        )
    return problem_page(
        desk.publisher,
        502,
        "We could not ask the marketplace",
        "This is our mistake, and your purchase is safe. Try again later.",
        said_by_marketplace(f"{error.kind}: {error}"),
    )
