"""The subscriptions page: what the publisher knows of each."""

from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import HTMLResponse

from examples.publisher.known import Subscription
from examples.publisher.pages.events import address
from examples.publisher.pages.layout import add_ons, badge, dash, joined, page, when
from examples.publisher.rejections import Rejection

_TABLE = Markup("""<div class="scroll"><table><thead><tr><th>Subscription</th><th>Customer</th>
<th>Offer</th><th>State</th><th class="number">Qty</th><th>Add-ons</th><th>Renews</th><th>Last event</th><th>At</th>
<th class="number">Seq</th></tr></thead><tbody>
{}
</tbody></table></div>""")
_ROW = Markup("""<tr><td><a href="{link}">{one.subscription_id}</a></td><td>{customer}</td>
<td>{offer}</td><td>{state}</td><td class="number">{quantity}</td><td>{add_ons}</td><td>{renews}</td>
<td>{one.event}</td><td>{at}</td>
<td class="number">{one.sequence}</td></tr>""")
_REJECTED = Markup("""<h2>Rejected changes of quantity</h2>
<div class="scroll"><table><thead><tr><th>Subscription</th><th class="number">Seq</th><th class="number">Qty</th>
<th>The marketplace's answer</th></tr></thead><tbody>{}</tbody></table></div>""")
_REJECTION = Markup("""<tr><td>{one.subscription_id}</td><td class="number">{one.sequence}</td>
<td class="number">{one.quantity}</td><td>{outcome}</td></tr>""")


def subscriptions_page(
    publisher: str, count: int, known: list[Subscription], rejections: list[Rejection], *, more: bool
) -> HTMLResponse:
    """One page of the subscriptions, and the rejected changes."""
    table = _TABLE.format(joined(map(_row, known))) if known else Markup('<p class="empty">No subscriptions yet.</p>')
    older = Markup("")
    if more:
        link = f"/subscriptions?{urlencode({'after': known[-1].subscription_id})}"
        older = Markup('<p class="paging"><a href="{}">More →</a></p>').format(link)
    rejected = _REJECTED.format(joined(map(_rejection, reversed(rejections)))) if rejections else ""
    content = Markup('<h1>Subscriptions</h1><p class="lead">{} known from notifications.</p>{}{}{}').format(
        count, table, older, rejected
    )
    return page(publisher, "Subscriptions", content, here="/subscriptions")


def _row(one: Subscription) -> Markup:
    return _ROW.format(
        one=one,
        link=address(one.subscription_id),
        customer=dash(one.customer),
        offer=dash(one.offer),
        state=badge(one.state),
        quantity=dash(one.quantity),
        add_ons=add_ons(one.add_ons),
        renews=dash(None if one.auto_renew is None else "yes" if one.auto_renew else "no"),
        at=when(one.at, exact=True),
    )


def _rejection(one: Rejection) -> Markup:
    return _REJECTION.format(one=one, outcome=one.outcome or "not sent yet")
