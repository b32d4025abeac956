"""What `tools mutate` breaks: every file that decides over trust, and the fast tests that should notice.

Law: data. A file is here as a whole, or by those of its functions that decide; what needs the runtime is not, and is
attacked over the wire instead (tests/e2e).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Target:
    """A file whose checks are broken, all of them or those of some functions, and the tests that should notice."""

    path: str
    tests: tuple[str, ...]
    functions: frozenset[str] | None = None


def _of(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


def _some(names: str) -> frozenset[str]:
    return frozenset(names.split())


_TOKENS: Final = _of("shared", "tokens", "signing", "keys", "profile", "mutations")
_OFFICE: Final = _of("orchestrator", "api", "cleanup", "sessions", "disconnect")
_IDENTITY: Final = _of("app", "identity", "idp_keys")
_PERMISSIONS: Final = _of("app", "directory", "permissions")
_ROOM: Final = _of("durable_objects", "access", "group", "frames", "room", "runs", "archiving")

TARGETS: Final = (
    # ── credentials ─────────────────────────────────────────────────────────────────────────────────────────────────
    Target("shared/tokens.py", (*_TOKENS, *_of("app", "identity"))),
    Target("shared/signing.py", (*_of("shared", "signing", "profile"), *_OFFICE)),
    Target("shared/routing.py", _of("orchestrator", "admission")),
    Target("shared/keys.py", _of("shared", "keys", "profile")),
    Target("shared/jwks.py", _of("shared", "jwks")),
    Target("shared/strict_json.py", _of("shared", "strict_json")),
    Target("shared/webhooks.py", _of("shared", "webhooks"), _some("_of_the_log message_id payload signed_headers")),
    Target("durable_objects/used_once.py", _of("durable_objects", "used_once")),
    Target("durable_objects/renewal.py", _of("durable_objects", "renewal")),
    Target("tools/keyring.py", _of("tools", "keyring", "key_steps")),
    # ── the way in ──────────────────────────────────────────────────────────────────────────────────────────────────
    Target("shared/cors.py", _of("shared", "http")),
    Target("shared/frames.py", _of("shared", "protocol", "bodies")),
    Target("shared/settings.py", (*_of("shared", "settings"), *_of("app", "settings"))),
    Target(
        "shared/http.py",
        (*_of("shared", "http", "bodies"), *_of("orchestrator", "api")),
        _some("_preflight _serve _body_within signed_request _query _body require_unchanged"),
    ),
    Target("workers/orchestrator/admission.py", _of("orchestrator", "admission")),
    Target("workers/app/auth.py", _of("app", "auth", "sign_in")),
    Target("workers/app/identity.py", _IDENTITY),
    Target("workers/app/idp_keys.py", _IDENTITY),
    Target("workers/app/sign_in.py", _of("app", "sign_in")),
    Target("workers/app/settings.py", _of("app", "settings")),
    Target("workers/app/rate_limit.py", _of("app", "rate_limit")),
    Target("workers/app/idempotency.py", _of("app", "idempotency")),
    Target("durable_objects/limits.py", _of("durable_objects", "limits", "pacing")),
    # ── the Orchestrator and the Agents Worker ──────────────────────────────────────────────────────────────────────
    Target(
        "workers/orchestrator/api.py",
        _OFFICE,
        _some(
            "app session lapsed_session app_or_bearer initialise_group routing_token cleanup renew_session"
            " archive_group disconnect_person own_group _usable"
        ),
    ),
    Target("workers/orchestrator/routing.py", _OFFICE),
    Target("workers/orchestrator/sessions.py", _OFFICE),
    Target("workers/orchestrator/disconnect.py", _OFFICE),
    Target("workers/orchestrator/rosters.py", _of("orchestrator", "catching_up", "api")),
    Target("workers/orchestrator/catching_up.py", _of("orchestrator", "catching_up")),
    Target(
        "workers/orchestrator/people.py",
        _of("orchestrator", "people"),
        _some("erase_person read_authored _asked _by _erased _erase _tell _archive_of"),
    ),
    Target("workers/orchestrator/life.py", _of("orchestrator", "life")),
    Target(
        "workers/orchestrator/store.py",
        (*_OFFICE, *_of("orchestrator", "people", "life", "store")),
        _some(
            "app_key user_of_token group membership access open_groups_of name_of next_session session_opened"
            " set_status set_archived set_restored set_deleted org_of_erased groups_to_erase set_erased archived"
            " group_told groups_behind access_told people_behind"
        ),
    ),
    Target("workers/agents/api.py", _of("agents", "api"), _some("session run run_stream _check")),
    Target("workers/agents/tools/fetch_url.py", _of("agents/tools", "fetch_url")),
    Target("workers/agents/tools/toolbox.py", _of("agents", "speaking"), _some("of way")),
    # ── a group ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Target("durable_objects/access.py", _of("durable_objects", "access")),
    Target(
        "durable_objects/journal.py",
        _of("durable_objects", "access"),
        _some("access_version raise_access_version use_token"),
    ),
    Target("durable_objects/group.py", _ROOM, _some("admit _disowned")),
    Target("durable_objects/frames.py", _ROOM, _some("arrived _check _refresh")),
    Target("durable_objects/presence.py", _ROOM, _some("check_place expel")),
    Target(
        "durable_objects/room.py",
        _ROOM,
        _some("known member person first_seq first_seq_of_all is_news certificate_covers check_writable"),
    ),
    Target("durable_objects/membership.py", _ROOM, _some("apply_roster farewell")),
    Target("durable_objects/run_view.py", _of("durable_objects", "run_view")),
    Target("durable_objects/approvals.py", _of("durable_objects", "deferrals"), _some("answer _approvers")),
    Target("durable_objects/group_tools.py", _of("durable_objects", "group_tools", "deferrals", "search")),
    # ── the directory ───────────────────────────────────────────────────────────────────────────────────────────────
    Target("workers/app/access.py", _of("app", "access", "sign_in")),
    Target(
        "workers/app/store.py",
        (*_of("app", "store", "access"), *_PERMISSIONS),
        _some(
            "person_of_token person people org rename_org change_person group groups_of joinable_groups change_group"
        ),
    ),
    Target("workers/app/roster_store.py", _PERMISSIONS, _some("member set_role remove_member remove_agent agents_in")),
    Target("workers/app/agent_store.py", _PERMISSIONS, _some("known agent delete leave")),
    Target("workers/app/api.py", _PERMISSIONS, _some("require_admin")),
    Target("workers/app/agents.py", _PERMISSIONS, _some("create_agent change_agent delete_agent _find")),
    Target("workers/app/archives.py", _PERMISSIONS, _some("archive_group restore_group delete_group _archive_of")),
    Target("workers/app/erasure.py", _PERMISSIONS, _some("erase_person export_messages")),
    Target(
        "workers/app/groups.py",
        _PERMISSIONS,
        _some("create_group change_group group_token require_active require_owner find_group"),
    ),
    Target(
        "workers/app/members.py",
        _PERMISSIONS,
        _some("add_member change_role join leave remove_member add_agent remove_agent _find_member _give_role _remove"),
    ),
    Target("workers/app/people.py", _PERMISSIONS, _some("create_person disable_person enable_person _ruled_person")),
    Target("workers/app/profiles.py", _PERMISSIONS, _some("change_person _check_say change_org _find _find_org")),
    Target(
        "workers/app/tokens.py",
        (*_of("app", "tokens"), *_PERMISSIONS),
        _some("create_token list_tokens revoke_token find_person _find_token require_charge require_not_erased"),
    ),
    Target(
        "workers/app/webhooks.py",
        _of("app", "webhooks"),
        _some("create_webhook list_webhooks change_webhook _changed _find _check_address"),
    ),
    Target("workers/app/webhook_address.py", _of("app", "webhook_address")),
    # ── archives ────────────────────────────────────────────────────────────────────────────────────────────────────
    Target("durable_objects/sealing.py", _of("durable_objects", "sealing", "erasure")),
    Target("tools/verify.py", _of("tools", "verify", "verify_signed", "archive_mutations")),
)
