"""The events page: every request, newest first."""

from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import HTMLResponse

from examples.publisher.log import FAULTED, Entry, Figures
from examples.publisher.pages.layout import badge, dash, joined, page, when
from examples.receiver.inbox import Verdict

_LOG = Markup("""<h1>Events</h1>
<section class="figures">{figures}</section>
<form class="filter" method="get" action="/events" role="search">
<label for="subscription">Subscription</label><input id="subscription" name="subscription" value="{subscription}">
<button>Show</button>{all}</form>
{table}
<p class="paging">{paging}</p>
""")
_TABLE = Markup("""<div class="scroll"><table><thead><tr><th>Received (UTC)</th><th>Subscription</th>
<th class="number">Seq</th><th class="number">After</th><th>Event</th><th>State</th><th class="number">Qty</th>
<th>Verdict</th><th>Why</th></tr></thead><tbody>
{}
</tbody></table></div>""")
_ROW = Markup("""<tr><td>{received}</td><td>{subscription}</td><td class="number">{sequence}</td>
<td class="number">{previous}</td><td>{event}</td><td>{state}</td><td class="number">{quantity}</td>
<td>{verdict}</td><td class="why">{why}{body}</td></tr>""")
_FIGURE = Markup('<div class="{}"><b>{}</b><span>{}</span></div>')
_BODY = Markup("<details><summary>message</summary><pre>{}</pre></details>")
_LINK = Markup('<a href="{}">{}</a>')


def events_page(
    publisher: str, entries: list[Entry], figures: Figures, subscription: str, *, more: bool, later: bool
) -> HTMLResponse:
    """One page of the log. `more`: there are older entries; `later`: there are newer ones."""
    paging = []
    if later:
        paging.append(_LINK.format(address(subscription), "← Newest"))
    if more:
        paging.append(_LINK.format(address(subscription, entries[-1].number), "Older →"))
    content = _LOG.format(
        figures=_figures(figures),
        subscription=subscription,
        all=Markup(' <a href="/events">All</a>') if subscription else "",
        table=_TABLE.format(joined(map(_row, entries))) if entries else Markup('<p class="empty">No requests yet.</p>'),
        paging=joined(paging),
    )
    return page(publisher, "Events", content, here="/events")


def address(subscription: str, before: int | None = None) -> str:
    """The address of the events page with this filter."""
    query = {"subscription": subscription} if subscription else {}
    if before is not None:
        query["before"] = str(before)
    return f"/events?{urlencode(query)}" if query else "/events"


def _figures(figures: Figures) -> Markup:
    counts = [("requests", figures.requests), ("subscriptions", figures.subscriptions)]
    order = [*Verdict, FAULTED]
    counts += [
        (verdict.replace("_", " "), figures.verdicts[verdict]) for verdict in order if verdict in figures.verdicts
    ]
    shown = [_FIGURE.format("figure", count, words) for words, count in counts]
    for words, count in (
        ("applied twice", figures.applied_twice),
        ("applied out of order", figures.applied_out_of_order),
    ):
        shown.append(_FIGURE.format("figure bad" if count else "figure good", count, words))
    return joined(shown)


def _row(entry: Entry) -> Markup:
    why = "; ".join(filter(None, (f"fault: {entry.fault}" if entry.fault else "", entry.why)))
    one = entry.subscription_id
    return _ROW.format(
        received=when(entry.received_at, exact=True),
        subscription=_LINK.format(address(one), one)
        if one
        else Markup('<i class="dim" title="claimed, not verified">{}</i>').format(entry.message_id),
        sequence=dash(entry.sequence),
        previous=dash(entry.previous),
        event=dash(entry.event),
        state=badge(entry.state),
        quantity=dash(entry.quantity),
        verdict=badge(entry.verdict),
        why=why,
        body=_BODY.format(entry.body) if entry.body else "",
    )
