"""Signing in to Salesforce, by a client's id and secret or by a user's private key. OAuth 2.0."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlsplit

from byline.crm.salesforce.answers import NAME
from byline.errors import NotSent, RemoteError, UsageError
from byline.http import Http, Response
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

GENERAL = ("login.salesforce.com", "test.salesforce.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What signing in gave. `user` and `org` are ids, empty when the answer named none."""

    value: str
    user: str = ""
    org: str = ""


class SigningIn:
    """Makes tokens. Nothing touches the network before `token`."""

    def __init__(
        self,
        options: CrmSettings,
        *,
        http: Http,
        secrets: Secrets,
        clock: Clock,
        unclear: Callable[[Response, str], RemoteError],
    ) -> None:
        """`unclear` gives the error for an answer that is not Salesforce's."""
        self._options = options
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._unclear = unclear

    def token(self) -> Token:
        """A fresh token. Raises NotSent (auth) with what is missing or refused, UsageError without the package."""
        get = self._secrets.get
        client = self._http.secret(self._secrets, "", "SALESFORCE_CLIENT_ID", service=NAME, shown=True)
        if get("SALESFORCE_PRIVATE_KEY"):
            form, headers = self._by_key(client), dict[str, str]()
        elif get("SALESFORCE_CLIENT_SECRET"):
            form, headers = self._by_secret(client)
        else:
            raise NotSent(
                "Salesforce: neither SALESFORCE_CLIENT_SECRET nor SALESFORCE_PRIVATE_KEY is set, so nobody can sign in",
                service=NAME,
                cause="auth",
                hint="set SALESFORCE_CLIENT_SECRET, or SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY, in the environment",
            )
        url = f"{self._options.login}/services/oauth2/token"
        answer = self._http.request(
            "POST", url, service=NAME, headers={"Accept": "application/json", **headers}, data=form
        )
        found = answer.object()
        value = found.get("access_token")
        if not answer.ok or not isinstance(value, str) or not value:
            raise self._not_signed_in(answer)
        self._http.protect("the Salesforce token", value)
        parts = urlsplit(str(found.get("id", ""))).path.split("/")
        org, user = (parts[-2], parts[-1]) if len(parts) >= 4 else ("", "")
        return Token(value=value, org=org, user=user)

    def _by_secret(self, client: str) -> tuple[dict[str, str], dict[str, str]]:
        secret = self._http.secret(self._secrets, "", "SALESFORCE_CLIENT_SECRET", service=NAME)
        if urlsplit(self._options.login).hostname in GENERAL:
            raise NotSent(
                "Salesforce takes a client's id and secret at your own domain alone, not at login.salesforce.com",
                service=NAME,
                cause="auth",
                hint="write your My Domain address (https://acme.my.salesforce.com) as `api` and leave `login` out",
            )
        basic = base64.b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
        self._http.protect("SALESFORCE_CLIENT_SECRET", basic)
        return {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}

    def _by_key(self, client: str) -> dict[str, str]:
        name = self._http.secret(self._secrets, "", "SALESFORCE_USERNAME", service=NAME, shown=True)
        key = self._secrets.get("SALESFORCE_PRIVATE_KEY").replace("\\n", "\n")
        for line in key.splitlines():
            self._http.protect("SALESFORCE_PRIVATE_KEY", line)
        try:
            import jwt
        except ImportError:
            raise UsageError(
                "signing in to Salesforce with a private key needs a package that is not installed here",
                hint="pip install 'PyJWT[crypto]>=2.10,<3'",
            ) from None
        claims = {
            "iss": client,
            "sub": name,
            "aud": self._options.login,
            "exp": int((self._clock.now() + timedelta(minutes=3)).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise NotSent(
                "Salesforce: SALESFORCE_PRIVATE_KEY holds no private key that can be used",
                service=NAME,
                cause="auth",
                hint="store the whole file of the RSA key, from -----BEGIN to END-----, without a pass phrase",
            ) from None
        self._http.protect("the Salesforce assertion", assertion)
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    def _not_signed_in(self, answer: Response) -> RemoteError:
        found = answer.object()
        code, words = str(found.get("error", "")), str(found.get("error_description", ""))
        if not code:
            return self._unclear(answer, "signing in")
        step = "compare the consumer key, the secret or certificate, and the user in Salesforce's External Client App"
        if "approved" in words:
            step = "let Byline's user use the app: its policy “Admin approved users are pre-authorized”, with a permission set"
        elif "client credentials user" in words or code == "unsupported_grant_type":
            step = "switch the flow on in the External Client App's policies, and name the user it runs as"
        elif "audience" in words:
            step = "`login` must be the address of your Salesforce: your My Domain, or https://login.salesforce.com"
        elif "expired" in words:
            step = "compare this machine's clock with the true time"
        return NotSent(
            f"Salesforce did not let Byline sign in: {self._http.redact(words or code)[:200]} ({code})",
            service=NAME,
            cause="auth",
            status=answer.status,
            hint=step,
        )
