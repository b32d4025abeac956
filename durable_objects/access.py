"""Which routing tokens still open a socket here.

Law: a token's signature and time were verified before. What is kept here is what no token can say of itself: that its
person's access was taken away since, and, where tokens are good for one use, that it was used.
"""

from durable_objects.journal import Journal
from shared.clock import Clock, seconds
from shared.errors import InvalidCredential
from shared.tokens import SKEW_S, RoutingClaims


class Access:
    def __init__(self, journal: Journal, clock: Clock, *, single_use: bool) -> None:
        self._journal = journal
        self._clock = clock
        self._single_use = single_use

    def enter(self, claims: RoutingClaims) -> None:
        """Lets this token in, using it up. Raises InvalidCredential."""
        if claims.mv < self._journal.access_version(claims.sub):
            raise InvalidCredential(reason="issued before access was taken away")
        if self._single_use:
            now_s = seconds(self._clock())
            if not self._journal.use_token(claims.jti, claims.exp + SKEW_S, now_s):
                raise InvalidCredential(reason="used before")

    def take_away(self, user_id: str, access_version: int) -> None:
        """From now on only tokens of this access version and of later ones let this person in."""
        self._journal.raise_access_version(user_id, access_version)
