"""Signing in with an external identity provider: its people become ours.

Law: the provider says who somebody is; the directory says whether they may come in, and as what.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.access import AccessStore
from app.identity import IdentityProvider
from app.store import Person
from shared.clock import Clock, rfc3339, seconds
from shared.errors import InvalidCredential


@dataclass(frozen=True)
class SignIn:
    """`provision`: whether people who are unknown become members of `org_id`, or stay out."""

    provider: IdentityProvider
    access: AccessStore
    org_id: str
    provision: bool
    new_user_id: Callable[[], str]
    clock: Clock

    async def person(self, token: str) -> Person:
        """The person behind a token of the provider. Raises InvalidCredential, Unavailable."""
        now_ms = self.clock()
        identity = await self.provider.identity(token, seconds(now_ms))
        found = await self._known(identity.subject)
        if found is None and self.provision:
            newcomer = Person(self.new_user_id(), self.org_id, identity.name, "member", rfc3339(now_ms))
            await self.access.provision(newcomer, self.provider.issuer, identity.subject)
            found = await self._known(identity.subject)
        if found is None:
            raise InvalidCredential(reason="idp: nobody here")
        if found.disabled_at is not None:
            raise InvalidCredential(reason="idp: disabled")
        return found

    async def _known(self, subject: str) -> Person | None:
        return await self.access.person_of_identity(self.provider.issuer, subject, self.org_id)
