"""docs/settings.md: every setting of every Worker, from the models that read them.

Law: name, kind and default are the model's, the meaning is the text that stands below the field. A setting without one
is an error here.
"""

import ast
import inspect
from typing import Any, Final, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agents.settings import AgentsSettings
from app.settings import AppSettings
from orchestrator.settings import OrchestratorSettings
from shared.keys import PrivateKey, PrivateKeySet
from shared.settings import Settings

SECRETS: Final = ("signing_key", "operator_token", "signing_keys")
WORKERS: Final[dict[str, type[Settings]]] = {
    "app": AppSettings,
    "orchestrator": OrchestratorSettings,
    "agents": AgentsSettings,
}
_KINDS: Final[dict[type, str]] = {
    bool: "`true` or `false`",
    int: "whole number",
    str: "text",
    PrivateKey: "JWK",
    PrivateKeySet: "JWK Set",
}
HEAD: Final = """\
# Settings

Made by `make docs` from the models that read them (`workers/*/settings.py`, `durable_objects/settings.py`).

A *variable* stands in `deployments/<name>.toml`, below `[vars.<worker>]`, or in `wrangler.toml`; a *secret* is put
in by `make deploy` or `npx wrangler secret put`. A Worker reads all of them at its first request. When one is
missing, malformed or still a placeholder it answers every request with `503 misconfigured`, and its log names the
setting and never the value. Variables that no Worker knows are not looked at: an environment also holds bindings,
and the secrets that `PROVIDERS` names.
"""


def text() -> str:
    return HEAD + "".join(f"\n## {name.title()}\n\n{_table(model)}" for name, model in WORKERS.items())


def _table(model: type[Settings]) -> str:
    known = meanings(model)
    rows = [
        f"| `{name.upper()}` | {'secret' if name in SECRETS else 'variable'} | {kind(field)} | {_default(field)} | "
        f"{known[name]} |"
        for name, field in model.model_fields.items()
    ]
    return "\n".join(["| setting | | what it is | default | meaning |", "|---|---|---|---|---|", *rows, ""])


def meanings(model: type[Settings]) -> dict[str, str]:
    """The text below each field, by its name; those of a model's parents included."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if not issubclass(part, Settings):
            continue
        (body,) = ast.parse(inspect.getsource(part)).body
        assert isinstance(body, ast.ClassDef)  # noqa: S101 -- it was one
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                    found[name] = " ".join(said.split())
    return found


def kind(field: FieldInfo) -> str:
    """What its value looks like, in words. Raises KeyError for a type that has none here."""
    limits = [f"≥ {rule.ge}" for rule in field.metadata if getattr(rule, "ge", None) is not None]
    limits += [f"≤ {rule.le}" for rule in field.metadata if getattr(rule, "le", None) is not None]
    return ", ".join([_kind(field.annotation), *limits])


def _kind(annotation: Any) -> str:  # noqa: ANN401 -- any type at all
    options: tuple[Any, ...] = getattr(annotation, "__args__", ())
    if get_origin(annotation) is tuple:
        is_model = isinstance(options[0], type) and issubclass(options[0], BaseModel)
        return "JSON list" if is_model else "words, separated by spaces"
    if options and all(isinstance(option, str) for option in options):
        return " or ".join(f"`{option}`" for option in options)
    if annotation in _KINDS:
        return _KINDS[annotation]
    named = [option for option in options if option is not type(None)]
    if len(named) == 1 and type(None) in options:
        return _kind(getattr(named[0], "__origin__", named[0]))
    return _KINDS[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "none, needed"
    empty = field.default is None or field.default == ()
    return "–" if empty else f"`{str(field.default).lower()}`"
