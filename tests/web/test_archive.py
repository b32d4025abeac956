"""An archive is checked by whoever looks at it, in their own browser."""

import pytest

from tests.e2e.deployment import Team
from tests.web.conftest import OpenPage
from tests.web.test_threads import said
from tools.browser import run_async

CHECK = """
    const { checkChain, verifyArchive } = await import('/verify_archive.js');
    const { Api } = await import('/parley/parley.js');
    const [token, groupId, spoil] = args;
    const api = new Api({ baseUrl: location.origin, token });
    const path = `/groups/${groupId}/archive`;
    const through = (bytes, stream) => new Response(new Blob([bytes]).stream().pipeThrough(stream));
    const packed = await (await api.request('GET', path)).arrayBuffer();
    const text = await through(packed, new DecompressionStream('gzip')).text();
    const made = {
        packed, lines: text.split('\\n').slice(0, -1), jwks: await api.get('/.well-known/jwks.json'), groupId,
        manifest: await (await api.request('GET', `${path}/manifest`)).json(),
    };
    const before = made.lines.join();
    window.spoilers[spoil](made);
    const changed = made.lines.join() !== before;
    if (changed || spoil === 'repacked') {
        made.packed = await through(made.lines.join('\\n') + '\\n', new CompressionStream('gzip')).arrayBuffer();
    }
    const problem = async (checks) => {
        try {
            for await (const _ of checks) {}
            return null;
        } catch (error) {
            return error.message;
        }
    };
    const file = await problem(verifyArchive({ ...made, manifest: JSON.stringify(made.manifest) }));
    return { file, chain: changed ? await problem(checkChain(made.manifest, made.lines)) : file };
"""
SPOILERS = """
    const event = (lines, at, change) => {
        const found = JSON.parse(lines[at]);
        change(found);
        lines[at] = JSON.stringify(found);
    };
    window.spoilers = {
        nothing: () => {},
        word: ({ lines }) => event(lines, 4, ({ data }) => { data.text += '!'; }),
        name: ({ lines }) => event(lines, 4, ({ actor }) => { actor.name = 'Eve'; }),
        time: ({ lines }) => event(lines, 4, (found) => { found.ts = found.ts.replace(/^2/, '1'); }),
        dropped: ({ lines }) => { lines.splice(3, 1); },
        doubled: ({ lines }) => { lines.splice(3, 0, lines[3]); },
        swapped: ({ lines }) => { [lines[3], lines[4]] = [lines[4], lines[3]]; },
        shortened: ({ lines }) => { lines.splice(5); },
        repacked: () => {},
        head: ({ manifest }) => { manifest.head = manifest.head.replace(/^./, (c) => (c === '0' ? '1' : '0')); },
        parts: ({ manifest }) => { manifest.parts = []; },
        seals: ({ manifest }) => { manifest.seals = {}; },
        signature: ({ manifest }) => { manifest.signature = manifest.signature.replace(/.{8}$/, 'AAAAAAAA'); },
        keys: ({ jwks }) => { jwks.keys = []; },
        group: (made) => { made.groupId = 'grp_another'; },
    };
"""


@pytest.fixture
def archived(team: Team) -> str:
    group_id = team.new_group("ben")
    for text in ("First 🥘", "Second", "Third"):
        said(team, group_id, text)
    assert team.call("ada", "POST", f"/groups/{group_id}/archive", {"reason": "Done"}).is_success
    return group_id


def test_a_whole_archive_is_found_whole_and_says_what_was_checked(open_page: OpenPage, archived: str) -> None:
    ben = open_page("ben", archived)

    ben.click(".over button")
    ben.click("dialog .primary")
    assert "is whole" in ben.text("dialog .verdict")

    said_so = [line.text for line in ben.all(".checks li")]
    for what in ("certificate is signed", "manifest is signed", "file is the one that was signed", "events are there"):
        assert any(what in line for line in said_so)
    assert ben.console_errors() == []


def test_whatever_was_changed_is_found_by_the_browser(open_page: OpenPage, team: Team, archived: str) -> None:
    page = open_page("ada")
    page.js(SPOILERS)

    ways = page.js("return Object.keys(spoilers)")
    found = {way: run_async(page.chrome, CHECK, team.bearers["ada"], archived, way) for way in ways}

    assert found.pop("nothing") == {"file": None, "chain": None}
    # By the signed digest of the file, and where events were changed by their chain alone, too.
    assert [way for way, problems in found.items() if not (problems["file"] and problems["chain"])] == []


def test_a_spoilt_archive_is_called_so_on_the_page(open_page: OpenPage, archived: str) -> None:
    ben = open_page("ben", archived)
    ben.click(".over button")
    ben.js("""
        const real = window.fetch;
        window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (!String(url).endsWith('/archive/manifest')) return answer;
            return new Response((await answer.text()).replace('"first_seq":1', '"first_seq":2'));
        };
    """)
    ben.click("dialog .primary")

    assert "not to be trusted" in ben.text(".checks .broken")
    assert not ben.all(".verdict")
