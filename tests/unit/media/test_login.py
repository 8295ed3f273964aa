"""Answers to the challenges of HTTP servers, against the examples of the standards."""

import pytest

from vedette.media.login import Login

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.fixture
def mufasa(monkeypatch: pytest.MonkeyPatch) -> Login:
    monkeypatch.setattr("vedette.media.login.secrets.token_hex", lambda _: CNONCE)
    return Login("Mufasa:Circle%20of%20Life")


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616_is_answered_as_printed(mufasa: Login, name: str, response: str) -> None:
    """Section 3.9.1."""
    assert mufasa.challenged([RFC_7616.format(name=name)])
    answer = mufasa.header("GET", "/dir/index.html")
    assert answer is not None
    assert f'response="{response}"' in answer
    assert "qop=auth," in answer
    assert "nc=00000001," in answer
    assert f"algorithm={name}," in answer


def test_the_older_form_without_quality_is_answered_too() -> None:
    """RFC 2069, as old cameras have it; the value is the one its errata give for the example of section 2.4."""
    login = Login("Mufasa:CircleOfLife")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    assert login.challenged([f'Digest realm="testrealm@host.com", nonce="{nonce}", opaque="5ccc"'])
    answer = login.header("GET", "/dir/index.html")
    assert answer is not None
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answer
    assert "cnonce" not in answer


def test_the_best_algorithm_that_is_offered_is_taken(mufasa: Login) -> None:
    """Several challenges, in one header or in several, and Basic last."""
    both = [RFC_7616.format(name="MD5") + ', Basic realm="x"', RFC_7616.format(name="SHA-256")]
    assert mufasa.challenged(both)
    assert "algorithm=SHA-256" in str(mufasa.header("GET", "/"))


def test_nothing_is_sent_before_the_server_asks() -> None:
    """A camera that asks for Digest shall not be told the password in clear."""
    login = Login("me:secret")
    assert login.header("GET", "/") is None
    assert login.challenged(['Basic realm="x"'])
    assert login.header("GET", "/") == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("challenge", ['Digest realm="r", nonce="2"', 'Basic realm="r"'])
def test_a_password_that_is_refused_is_not_tried_again(challenge: str) -> None:
    """Cameras lock out who logs in wrongly a few times."""
    login = Login("me:wrong")
    assert login.challenged([challenge])
    assert not login.challenged([challenge.replace("2", "3")])


def test_a_challenge_that_only_grew_stale_is_answered_again() -> None:
    """The password was right: the server wants another number."""
    login = Login("me:right")
    assert login.challenged(['Digest realm="r", nonce="1", qop="auth"'])
    assert login.challenged(['Digest realm="r", nonce="2", qop="auth", stale=TRUE'])
    assert 'nonce="2"' in str(login.header("GET", "/"))


def test_every_request_under_one_challenge_has_its_own_count() -> None:
    """A server may take a repeated count for an attack."""
    login = Login("me:right")
    login.challenged(['Digest realm="r", nonce="1", qop="auth"'])
    counts = [str(login.header("GET", "/")).partition("nc=")[2][:8] for _ in range(3)]
    assert counts == ["00000001", "00000002", "00000003"]


@pytest.mark.parametrize(
    "challenge",
    ["Negotiate", "Bearer realm=x", 'Digest realm="r", nonce="1", algorithm=ROT13', 'Digest qop="auth-int", nonce="1"'],
)
def test_what_cannot_be_answered_is_not(challenge: str) -> None:
    """Another try would change nothing."""
    assert not Login("me:secret").challenged([challenge])


def test_who_has_no_password_answers_nothing() -> None:
    """The 401 is the answer then."""
    assert not Login("").challenged(['Basic realm="x"'])
