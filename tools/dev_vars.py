"""`make dev-vars`: what plain `wrangler dev` needs to run the three Workers from wrangler.toml on this machine.

Law: writes the git-ignored files that wrangler reads by itself, and says which commands to type.
"""

import os

from shared.clock import rfc3339
from tools.console import out
from tools.local import APP_ID, local_keys, overrides
from tools.running import LOCAL, ROOT, ports_wanted

ORDER = ("agents", "orchestrator", "app")


def main() -> None:
    ports = ports_wanted(os.environ)
    keys = local_keys(LOCAL / "keys")
    for worker, values in overrides(keys, ports).items():
        path = ROOT / f".dev.vars.{worker}"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    key_file = LOCAL / "app-key.sql"
    key_file.write_text(
        f"INSERT OR IGNORE INTO app_keys (kid, app_id, jwk, not_before) VALUES ('{keys.app.thumbprint}', "  # noqa: S608
        f"'{APP_ID}', '{keys.app.public.model_dump_json()}', '{rfc3339(0)}');\n"
    )
    numbers = {"app": ports.app, "orchestrator": ports.orchestrator, "agents": ports.agents}
    out.print("Written: .dev.vars.app, .dev.vars.orchestrator, .dev.vars.agents. Once:\n")
    out.print("  npx wrangler d1 migrations apply DB -e app --local")
    out.print(f"  npx wrangler d1 execute DB -e app --local --file {key_file.relative_to(ROOT)}\n")
    out.print("Then, each in a terminal of its own:\n")
    for worker in ORDER:
        out.print(f"  npx wrangler dev -e {worker} --port {numbers[worker]}")
    out.print(f"\nThe operator token, which creates an org (POST /orgs): {keys.operator_token}")
