"""What an operator can say of a publisher: addresses, secrets, limits. A secret is in no message."""

from base64 import b64encode

import pytest
from pydantic import ValidationError

from activities.notifications.publishers import Endpoint, Publishers
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


def test_each_publisher_once() -> None:
    contoso, fabrikam = endpoint(), endpoint(id="fabrikam")
    publishers = Publishers(publishers=(contoso, fabrikam))
    assert publishers.of("fabrikam") is fabrikam
    assert publishers.of("nobody") is None
    assert publishers.ids == {"contoso", "fabrikam"}
    with pytest.raises(ValidationError, match="every id once; repeated: contoso"):
        Publishers(publishers=(contoso, fabrikam, contoso))
    with pytest.raises(ValidationError, match="at most 500"):
        Publishers(publishers=tuple(contoso.model_copy(update={"id": f"p{number}"}) for number in range(501)))


def test_an_endpoint_is_a_value() -> None:
    assert endpoint() == endpoint()
    assert hash(endpoint()) == hash(endpoint())
    assert isinstance(endpoint(), Endpoint)
