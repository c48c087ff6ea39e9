"""The faults page: the switches as a form."""

from collections.abc import Mapping

from markupsafe import Markup
from starlette.responses import HTMLResponse

from examples.publisher.csrf import FIELD
from examples.publisher.faults import Board, Fault
from examples.publisher.pages.layout import joined, notice, page

_FORM = Markup("""<h1>Faults</h1>
<p class="lead">How this publisher misbehaves when genuine messages arrive:
first the next N of them, then a share of all.</p>
{notice}
<form method="post" action="/faults" class="board"><input type="hidden" name="{field}" value="{seal}">
<div class="scroll"><table><thead><tr><th>Fault</th><th class="number">Next</th><th class="number">Share, percent</th>
<th class="number">Seconds</th></tr></thead><tbody>
{rows}
</tbody></table></div>
<p><label for="seed">Random seed</label> <input id="seed" name="seed" type="number" min="0" value="{seed}"></p>
<p class="buttons"><button>Set</button>
<button name="clear" value="yes" class="quiet" formnovalidate>All off</button></p>
</form>""")
_ROW = Markup("""<tr class="{on}"><th scope="row"><b>{name}</b><span class="dim">{words}</span></th>
<td class="number">{next}</td><td class="number">{percent}</td><td class="number">{seconds}</td></tr>""")
_INPUT = Markup(
    '<input type="number" min="0" step="{step}" name="{fault}-{field}" value="{value}" aria-label="{label}, {field}">'
)


def faults_page(
    publisher: str,
    board: Board,
    seal: str,
    *,
    typed: Mapping[str, str] | None = None,
    fault: str = "",
    saved: bool = False,
) -> HTMLResponse:
    """The switches, or the form as it was `typed` if it has a fault."""
    if fault:
        said = notice("bad", "Nothing was changed", fault)
    else:
        said = notice("good", "The switches are set") if saved else Markup("")
    content = _FORM.format(
        notice=said,
        field=FIELD,
        seal=seal,
        rows=joined(_row(one, board, typed or {}) for one in Fault),
        seed=(typed or {}).get("seed", board.seed),
    )
    return page(publisher, "Faults", content, here="/faults", status=422 if fault else 200)


def _row(fault: Fault, board: Board, typed: Mapping[str, str]) -> Markup:
    switch = board.of(fault)

    def given(field: str, value: str, step: str) -> Markup:
        shown = typed.get(f"{fault}-{field}", value)
        return _INPUT.format(step=step, fault=fault, field=field, value=shown, label=fault.replace("_", " "))

    return _ROW.format(
        on="on" if switch.next or switch.percent else "",
        name=fault.replace("_", " "),
        words=fault.words,
        next=given("next", str(switch.next), "1"),
        percent=given("percent", f"{switch.percent:.15g}", "any"),
        seconds=given("seconds", f"{switch.seconds:.15g}", "any") if fault.takes_seconds else "",
    )
