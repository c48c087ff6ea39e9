"""ISV-2, invariant 12: nobody is sent an e-mail. Nothing here could: no mail library is used or installed."""

import ast
import re
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT
from tests.support.project import SHIPPED, sources

SOURCES = sources(*SHIPPED)
LOCKS = ("requirements.lock", "requirements-dev.lock")

MODULES = {"smtplib", "smtpd", "email", "imaplib", "poplib", "mailbox", "nntplib"}
"""The standard library's ways to write, send or fetch mail."""
NAMES = re.compile(
    r"smtp|sendmail|mailto:|starttls|mailgun|sendgrid|mailchimp|mandrill|postmark|mailjet|sparkpost"
    r"|/usr/(s?bin|lib)/mailx?\b|mimetext|mimemultipart|emailmessage",
    re.IGNORECASE,
)
"""Protocols, programs, services and classes that a string or a name could bring in without an import."""
PACKAGES = re.compile(
    r"smtp|mailgun|sendgrid|mailchimp|mailjet|mandrill|postmark|sparkpost|yagmail|redmail|envelopes|boto|"
    r"(^|-)e?mails?(-|$)|^mail|mail$"
)


def faults(source: str) -> list[str]:
    """Whatever in the source could have to do with sending mail."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                found += [alias.name for alias in node.names if is_mail(alias.name)]
            case ast.ImportFrom(module=str(module)):
                found += [module] if is_mail(module) else []
                found += [alias.name for alias in node.names if NAMES.search(alias.name)]
            case ast.Name(id=name) | ast.Attribute(attr=name) if NAMES.search(name):
                found.append(name)
            case ast.Constant(value=str(text)) if NAMES.search(text) or text in MODULES:
                found.append(text)
    return found


def is_mail(module: str) -> bool:
    package = module.partition(".")[0]
    return package in MODULES or bool(NAMES.search(module)) or is_mail_package(package)


def is_mail_package(name: str) -> bool:
    return bool(PACKAGES.search(canonicalize_name(name)))


def test_there_are_sources_to_look_at() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in SOURCES}
    assert folders == {
        "domain",
        "statemachines",
        "activities",
        "workflows",
        "perennial",
        "hosting",
        "cli",
        "worker.py",
        "starter.py",
    }
    assert len(SOURCES) > 100


@pytest.mark.parametrize("source", SOURCES, ids=[str(path.relative_to(ROOT)) for path in SOURCES])
def test_no_source_can_send_mail(source: Path) -> None:
    assert faults(source.read_text()) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_package_that_can_is_installed(lock: str) -> None:
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / lock).read_text(), re.MULTILINE)
    assert len(names) > 20
    assert [name for name in names if is_mail_package(name)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import smtplib",
        "import email.mime.text",
        "from email.message import EmailMessage",
        "import aiosmtplib as carrier",
        "def f():\n    from smtplib import SMTP",
        "import importlib\nimportlib.import_module('smtplib')",
        "__import__('email')",
        "subprocess.run(['/usr/sbin/sendmail', '-t'])",
        "subprocess.run('/usr/bin/mail')",
        "link = 'mailto:somebody@example.com'",
        "PORT = 'smtp://mail.example.com:25'",
        "import sendgrid",
        "from fastapi_mail import FastMail",
        "message = MIMEText('hello')",
        "server.starttls()",
        "url = 'https://api.mailgun.net/v3'",
    ],
)
def test_a_source_that_could_is_found(source: str) -> None:
    assert faults(source) != []


@pytest.mark.parametrize(
    "name",
    ["aiosmtplib", "fastapi-mail", "yagmail", "sendgrid", "redmail", "python-postmark", "email_validator", "emails"],
)
def test_a_package_that_could_is_found(name: str) -> None:
    assert is_mail_package(name)


@pytest.mark.parametrize(
    "source", ["import emaildress_of_nobody", "x = 'no e-mail is sent'", "offer = 'fabrikam-mail'"]
)
def test_words_about_mail_are_no_mail(source: str) -> None:
    assert faults(source) == []
