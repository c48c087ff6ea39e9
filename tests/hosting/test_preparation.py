"""Preparing a server with none of our settings: what is added, what is left alone, and what is said of refusals."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from activities.settings import Settings
from hosting.nexus.endpoint import prepare_endpoint
from hosting.preparation import RETENTION, all_parts, server_parts
from hosting.temporal.connection import connect_to
from hosting.temporal.namespace import kept, raise_retention
from hosting.temporal.search_attributes import missing_search_attributes, register_search_attributes
from perennial.deployment.preparation import Condition, Finding, Part, PartName, looked_at, prepared, require
from tests.support.plain_server import plain_server, refused_by
from workflows.durable import search_attributes

DENIED = RPCError("Request unauthorized.", RPCStatusCode.PERMISSION_DENIED, b"")
WITHOUT = RPCError("unknown service temporal.api.operatorservice.v1.OperatorService", RPCStatusCode.UNIMPLEMENTED, b"")
NEEDED = [PartName.NAMESPACE, PartName.RETENTION, PartName.SEARCH_ATTRIBUTES]


@pytest_asyncio.fixture(scope="module")
async def plain() -> AsyncIterator[str]:
    """A server that others run; each test has a namespace of its own."""
    async with plain_server() as address:
        yield address


def parts(client: Client, folder: Path, endpoint: str) -> list[Part]:
    async def connected() -> Client:
        return client

    return all_parts(Settings.load(data_dir=folder), connected, endpoint)


def conditions(findings: list[Finding]) -> dict[PartName, Condition]:
    return {finding.part: finding.condition for finding in findings}


async def a_namespace(address: str, name: str) -> Client:
    """A prepared namespace."""
    client = await connect_to(address, namespace=name)
    await require(server_parts(client), prepare=True)
    return client


async def test_everything_is_prepared_once(plain: str, tmp_path: Path) -> None:
    client = await connect_to(plain, namespace="shop")
    whole = parts(client, tmp_path / "var", "shop")
    before = await looked_at(whole)
    assert conditions(before) == {
        PartName.NAMESPACE: Condition.MISSING,
        PartName.RETENTION: Condition.WAITING,
        PartName.SEARCH_ATTRIBUTES: Condition.WAITING,
        PartName.NEXUS_ENDPOINT: Condition.WAITING,
        PartName.DATABASE: Condition.MISSING,
        PartName.ENVIRONMENT: Condition.WAITING,
    }
    assert before[0].by_hand == "temporal operator namespace create --namespace shop --retention 30d"
    assert await looked_at(whole) == before
    assert not (tmp_path / "var").exists()

    assert all(finding.ready for finding in await prepared(whole))
    assert set(conditions(await prepared(whole)).values()) == {Condition.READY}
    assert set(conditions(await looked_at(whole)).values()) == {Condition.READY}


async def test_a_new_servers_own_namespace(plain: str) -> None:
    """Its retention of one day is too short, and it has no attributes of ours."""
    client = await connect_to(plain)
    there, short, lacks = await looked_at(server_parts(client))
    assert there.ready
    assert short.words == "Namespace 'default' keeps ended workflows for 1 day, Perennial needs 30 days"
    assert short.by_hand == "temporal operator namespace update --namespace default --retention 30d"
    assert lacks.words.startswith("Namespace 'default' lacks the search attributes SubscriptionState (Keyword), ")
    assert lacks.by_hand is not None
    assert "--type Datetime --name EndsAt; " in lacks.by_hand
    assert await kept(client) == timedelta(days=1)


async def test_a_longer_retention_stays(plain: str) -> None:
    client = await a_namespace(plain, "archive")
    await raise_retention(client, timedelta(days=90))
    assert set(conditions(await prepared(server_parts(client))).values()) == {Condition.READY}
    assert await kept(client) == timedelta(days=90)


@pytest.mark.parametrize("error", [DENIED, WITHOUT], ids=["denied", "none"])
async def test_what_is_sufficient_stops_nobody_who_may_change_nothing(plain: str, error: RPCError) -> None:
    """As with Temporal Cloud, where the server has no OperatorService: the attributes are found by queries."""
    await a_namespace(plain, "ready")
    refused = ("operator", "workflow.update_namespace", "workflow.register_namespace")
    worker = await refused_by(plain, error, *refused, namespace="ready")
    for prepare in (True, False):
        await require(server_parts(worker), prepare=prepare)


async def test_an_endpoint_that_is_not_to_be_seen_is_not_missing_for_ever(plain: str, tmp_path: Path) -> None:
    """In Temporal Cloud nobody sees the endpoints there: whatever else is prepared, `setup` succeeds."""
    await a_namespace(plain, "unseen")
    client = await refused_by(plain, DENIED, "operator", namespace="unseen")
    findings = await prepared(parts(client, tmp_path, "unseen"))
    assert all(finding.ready for finding in findings)
    (endpoint,) = (finding for finding in findings if finding.part is PartName.NEXUS_ENDPOINT)
    assert endpoint.words == (
        "not seen: the server does not say whether it has 'unseen' (Request unauthorized); "
        "only callers by Nexus need it"
    )
    away = RPCError("try later", RPCStatusCode.UNAVAILABLE, b"")
    client = await refused_by(plain, away, "operator.list_nexus_endpoints", namespace="unseen")
    (endpoint,) = (
        finding
        for finding in await looked_at(parts(client, tmp_path, "unseen"))
        if finding.part is PartName.NEXUS_ENDPOINT
    )
    assert endpoint.condition is Condition.FAILED


async def test_attributes_of_other_types_are_found_by_queries_too(plain: str) -> None:
    client = await a_namespace(plain, "odd")
    odd = [SearchAttributeKey.for_text("OddText"), SearchAttributeKey.for_keyword("OddKeyword")]
    await register_search_attributes(client, odd)
    blind = await refused_by(plain, WITHOUT, "operator", namespace="odd")
    missing = [SearchAttributeKey.for_keyword("Nowhere"), *search_attributes.ALL]
    assert [key.name for key in await missing_search_attributes(blind, missing)] == ["Nowhere"]
    for wanted in (
        SearchAttributeKey.for_keyword("OddText"),
        SearchAttributeKey.for_bool("OddKeyword"),
        SearchAttributeKey.for_datetime("OddKeyword"),
        SearchAttributeKey.for_keyword("EndsAt"),
    ):
        with pytest.raises(Exception, match=f"{wanted.name} has type another type in namespace 'odd', Perennial needs"):
            await missing_search_attributes(blind, [wanted])


async def test_a_namespace_that_may_not_be_created(plain: str) -> None:
    client = await refused_by(plain, DENIED, "workflow.register_namespace", namespace="forbidden")
    first, *rest = await prepared(server_parts(client))
    assert first.condition is Condition.FAILED
    assert first.words == (
        "Namespace 'forbidden' cannot be created: Request unauthorized. Ask an operator of the server: "
        "temporal operator namespace create --namespace forbidden --retention 30d"
    )
    assert {finding.condition for finding in rest} == {Condition.WAITING}


async def test_a_retention_and_attributes_that_may_not_be_changed(plain: str) -> None:
    client = await refused_by(plain, DENIED, "operator", "workflow.update_namespace")
    there, retention, attributes = await prepared(server_parts(client))
    assert there.ready
    assert retention.words == (
        "Namespace 'default' cannot be set to keep ended workflows for 30 days: Request unauthorized. Ask an operator "
        "of the server: temporal operator namespace update --namespace default --retention 30d"
    )
    assert attributes.words.startswith("Namespace 'default' does not accept the search attributes SubscriptionState")
    assert "Ask an operator of the server: temporal operator search-attribute create" in attributes.words
    assert not any("\n" in finding.words for finding in (retention, attributes))
    assert await kept(client) < RETENTION


async def test_an_endpoint_that_leads_elsewhere_is_left_alone(plain: str, tmp_path: Path) -> None:
    others = await a_namespace(plain, "others")
    await prepare_endpoint(others, "taken", "theirs")
    ours = await a_namespace(plain, "ours")
    whole = parts(ours, tmp_path, "taken")
    for findings in (await looked_at(whole), await prepared(whole)):
        (found,) = (finding for finding in findings if finding.part is PartName.NEXUS_ENDPOINT)
        assert found.condition is Condition.FAILED
        assert found.words.startswith("The Nexus endpoint 'taken' leads to task queue 'theirs' of namespace 'others'")
    assert not await prepare_endpoint(others, "taken", "theirs")
