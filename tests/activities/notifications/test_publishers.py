"""What an operator can say of a publisher: addresses, secrets, limits. A secret is in no message."""

from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from activities.notifications.publishers import Endpoint, Publishers, Secrets, SecretsMissing
from domain.catalog.publishers import ListedPublisher
from tests.support.publisher.imported import entry, secrets_of
from tests.support.publisher.records import NEW_SECRET, SECRET, endpoint


def refused(**changed: object) -> str:
    """What is said where the endpoint cannot be used."""
    with pytest.raises(ValidationError) as raised:
        endpoint(**changed)
    return str(raised.value)


def test_what_is_not_said_has_its_default() -> None:
    contoso = endpoint()
    assert (contoso.dialect, contoso.per_second, contoso.at_once, contoso.timeout_seconds) == ("perennial", 20, 8, 15)
    assert (contoso.terms.tries, contoso.terms.window_hours) == (500, 8)
    assert (contoso.allow_http, contoso.allow_networks) == (False, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.contoso.example",
        "https://hooks.contoso.example:8443/perennial?code=a%20key",
        "https://hooks.contoso.example./",
        "https://xn--bcher-kva.example/",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:443/",
    ],
)
def test_an_address_of_https_with_a_host(url: str) -> None:
    assert endpoint(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///perennial",
        "https://?x",
        "HTTPS//x",
        "ftp://hooks.contoso.example/",
        "file:///etc/passwd",
        "https://someone@hooks.contoso.example/",
        "https://someone:word@hooks.contoso.example/",
        "https://hooks.contoso.example@127.0.0.1/",
        "https://hooks.contoso.example\\@127.0.0.1/",
        "https://hooks.contoso.example/#top",
        "https://hooks.contoso.example:0/",
        "https://hooks.contoso.example:65536/",
        "https://hooks.contoso.example:port/",
        "https://[fe80::1%25eth0]/",
        "https://b\u00fccher.example/",
        "https://hooks.contoso.example/a b",
        "https://hooks.contoso.example/\r\nwebhook-id:1",
        " https://hooks.contoso.example/",
        "https://hooks.contoso.example/\n",
        f"https://hooks.contoso.example/{'a' * 501}",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    assert "takes an address such as https://" in refused(url=url)


def test_http_only_where_the_operator_allows_it() -> None:
    assert "takes https://, or allow_http: true beside it" in refused(url="http://127.0.0.1:8080/")
    assert endpoint(url="http://127.0.0.1:8080/", allow_http=True).allow_http


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_24_to_64_bytes(size: int) -> None:
    secret = f"whsec_{b64encode(bytes(range(size))).decode()}"
    assert endpoint(secrets=[secret]).secrets[0].get_secret_value() == secret


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_QUFBQUFB",
        SECRET.removeprefix("whsec_"),
        SECRET.replace("whsec_", "whsk_"),
        SECRET.upper(),
        f"{SECRET}=",
        f"{SECRET} ",
        f"{SECRET}-_-_",
        SECRET[:-1],
        f"whsec_{b64encode(bytes(23)).decode()}",
        f"whsec_{b64encode(bytes(65)).decode()}",
        f"whsec_{chr(0xE9) * 40}",
    ],
)
def test_any_other_secret_is_refused_and_not_shown(secret: str) -> None:
    said = refused(secrets=[SECRET, secret])
    assert "takes whsec_ and the base64 of 24 to 64 random bytes" in said
    assert len(secret) < 7 or secret not in said
    assert "QUFB" not in said


def test_a_secret_can_be_replaced_while_both_are_known() -> None:
    assert len(endpoint(secrets=[SECRET, NEW_SECRET]).secrets) == 2
    assert "secrets" in refused(secrets=[])
    assert "secrets" in refused(secrets=[SECRET] * 6)


def test_neither_secrets_nor_a_query_are_shown() -> None:
    contoso = endpoint(url="https://hooks.contoso.example/?code=QUFB")
    assert "QUFB" not in f"{contoso!r} {contoso} {Publishers(publishers=(contoso,))!r}"


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "con toso"},
        {"dialect": "klingon"},
        {"per_second": 0},
        {"at_once": 101},
        {"timeout_seconds": 31},
        {"timeout_seconds": 1.5},
        {"terms": {"tries": 0}},
        {"allow_networks": ["10.0.0.1/8"]},
        {"allow_networks": ["contoso"]},
        {"allow_networks": ["10.0.0.0/8"] * 21},
        {"secret": "a word"},
    ],
)
def test_other_faults(bad: dict[str, object]) -> None:
    assert next(iter(bad)) in refused(**bad)


def test_networks_of_both_versions() -> None:
    networks = endpoint(allow_networks=["127.0.0.0/8", "::1", "fd00::/8"]).allow_networks
    assert [str(network) for network in networks] == ["127.0.0.0/8", "::1/128", "fd00::/8"]


def test_what_the_catalog_lists_holds_names_and_no_secret() -> None:
    listed = entry(endpoint(secrets=[SECRET, NEW_SECRET]))
    assert listed.secrets == ("contoso-1", "contoso-2")
    assert "QUFB" not in listed.model_dump_json()
    for wrong in (SECRET, "whsec_QUFB", "a name", ""):
        with pytest.raises(ValidationError):
            ListedPublisher(id="contoso", url="https://hooks.contoso.example/", secrets=(wrong,))


def test_a_publisher_is_known_with_all_its_secrets() -> None:
    both = endpoint(secrets=[SECRET, NEW_SECRET])
    secrets = secrets_of(Publishers(publishers=(both,)))
    assert secrets.endpoint(entry(both)) == both
    assert secrets.publishers([entry(both), entry(endpoint(id="fabrikam"))]) == Publishers(publishers=(both,))
    assert secrets.publishers([entry(both, active=False)]) == Publishers()
    one = Secrets({"contoso-1": both.secrets[0]})
    assert one.missing(entry(both)) == ["contoso-2"]
    with pytest.raises(SecretsMissing, match="contoso-2 missing, and PERENNIAL_SECRETS_FILE is not set. Name a file"):
        one.endpoint(entry(both))
    of_a_file = Secrets(one.values, Path("etc/secrets.yaml"))
    with pytest.raises(SecretsMissing) as missing:
        of_a_file.endpoint(entry(both))
    assert str(missing.value) == (
        "Publisher contoso is not notified from here: contoso-2 missing in etc/secrets.yaml (PERENNIAL_SECRETS_FILE). "
        "Add what is missing: the file is read again. Until then its notifications wait for a worker that has the "
        "secrets."
    )
    assert "QUFB" not in repr(secrets)


def test_an_endpoint_is_a_value() -> None:
    assert endpoint() == endpoint()
    assert hash(endpoint()) == hash(endpoint())
    assert isinstance(endpoint(), Endpoint)
