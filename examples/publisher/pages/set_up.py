"""The page behind a buyer's set-up link, and the result of its button."""

from markupsafe import Markup
from starlette.responses import HTMLResponse

from examples.publisher.csrf import FIELD
from examples.publisher.gateway import Answer, Details, Purchase
from examples.publisher.pages.layout import add_ons, badge, named, notice, page, when

ENDED = frozenset({"cancelled", "expired", "deleted", "deprovisioned"})
_PURCHASE = Markup("""<h1>Set up {offer}</h1>
<p class="lead">Thank you for choosing {name}. This is what you bought:</p>
<section class="card"><dl>
<dt>Customer</dt><dd>{customer}</dd>
<dt>Offer</dt><dd>{offer}</dd>
<dt>Quantity</dt><dd>{quantity}</dd>
<dt>Add-ons</dt><dd>{add_ons}</dd>
<dt>State</dt><dd>{state}</dd>
<dt>Ordered</dt><dd>{ordered_at}</dd>
<dt>Subscription</dt><dd><code>{subscription_id}</code></dd>
<dt>Link valid until</dt><dd>{expires_at}</dd>
</dl>{form}</section>
""")
_FORM = Markup("""<form method="post" action="/set-up" autocomplete="off">
<input type="hidden" name="token" value="{token}"><input type="hidden" name="{field}" value="{seal}">
<button>Activate</button>
<p class="hint">Your trial or first term begins when you activate.</p></form>
""")


def purchase_page(publisher: str, purchase: Purchase, token: str, seal: str) -> HTMLResponse:
    """The purchase, with the button if it can be activated."""
    if purchase.state == "pending":
        form = _FORM.format(token=token, field=FIELD, seal=seal)
    elif purchase.state in ENDED:
        form = notice("bad", "This subscription has ended", f"It is {purchase.state} and cannot be activated anymore.")
    else:
        form = notice(
            "fair",
            "This subscription is already set up",
            f"Its state is {purchase.state}: nothing is left to do.",
        )
    content = _PURCHASE.format(
        name=named(publisher),
        customer=purchase.customer,
        offer=purchase.offer,
        quantity=purchase.quantity,
        add_ons=add_ons(purchase.add_ons),
        state=badge(purchase.state),
        ordered_at=when(purchase.ordered_at),
        subscription_id=purchase.subscription_id,
        expires_at=when(purchase.expires_at),
        form=form,
    )
    return page(publisher, "Set up", content)


def result_page(publisher: str, purchase: Purchase, answer: Answer, details: Details | None) -> HTMLResponse:
    """The result of activating. `details` is None if they could not be read."""
    now = _status(details)
    if answer.outcome == "done":
        box = notice("good", "You are all set", now or "Your subscription is activated.")
    elif answer.outcome == "unchanged":
        box = notice("fair", "It was already activated", now or answer.message)
    else:
        rule = f"Rule {answer.rule}." if answer.rule else ""
        box = notice("bad", "It cannot be activated", answer.message or "The marketplace refused it.", rule)
    content = Markup("<h1>{}</h1>{}<p class=dim>Subscription <code>{}</code>, {} of {}, for {}.</p>").format(
        purchase.offer, box, purchase.subscription_id, purchase.quantity, purchase.offer, purchase.customer
    )
    return page(publisher, "Set up", content, status=200 if answer.outcome in {"done", "unchanged"} else 409)


def problem_page(publisher: str, status: int, heading: str, *lines: object, title: str = "Set up") -> HTMLResponse:
    """A page that says what is wrong and what to do."""
    content = Markup("<h1>{}</h1>{}").format(title, notice("bad", heading, *lines))
    return page(publisher, title, content, status=status)


def said_by_marketplace(words: object) -> Markup:
    """The marketplace's message in small print, for the operator of this site."""
    return Markup('<small class="dim">The marketplace says: {}</small>').format(words)


def _status(details: Details | None) -> Markup | None:
    if details is None:
        return None
    if details.state == "trial" and details.trial_end is not None:
        return Markup("Your trial runs until {}.").format(when(details.trial_end))
    return Markup("Your subscription is {}.").format(badge(details.state))
