import json

import pytest
from hypothesis import given, settings, strategies

from durable_objects.calls import SearchHistory
from durable_objects.journal import Journal
from durable_objects.journal_search import MessageIndex
from durable_objects.schema import STEPS
from durable_objects.search import TERMS_LIMIT, expression, search
from shared.errors import Forbidden, InvalidBody
from shared.search import Search, SearchOk
from tests.durable_objects.house import House, agent_id, user_id
from tests.fakes import FakeSql

INDEXED = next(number for number, step in enumerate(STEPS) if any("fts5" in statement for statement in step))


def ask(house: House, q: str, *viewers: str, **more: int) -> SearchOk:
    return search(house.group.room, viewers or [user_id("ada")], Search(q=q, **more))


def texts(house: House, q: str, *viewers: str, **more: int) -> list[str]:
    return [hit.text for hit in ask(house, q, *viewers, **more).hits]


def marked(house: House, q: str) -> list[str]:
    return [hit.text[mark.start : mark.end] for hit in ask(house, q).hits for mark in hit.marks]


@pytest.fixture
def house() -> House:
    house = House(("ada", "ben"), ("scribe",))
    ada, ben = house.sit("ada"), house.sit("ben")
    ada.say("The new ovens arrive on Thursday.")
    ben.say("Thursday? Then the menü has to be small on Friday.")
    ada.say("Fish soup, 🍞 bread and the oven-baked plum cake")
    return house


# ── what is found ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("thursday", 2),
        ("THURSDAY friday", 1),
        ("thursday plum", 0),
        ("ov", 2),
        ("o", 0),
        ("menu", 1),
        ("MENÜ", 1),
        ('"plum cake"', 1),
        ('"cake plum"', 0),
        ('"ove"', 0),
        ('"the new', 1),
        ("oven-baked", 1),
        ("soup? ... bread!", 1),
    ],
)
def test_all_words_have_to_be_there_by_their_beginning_and_quoted_ones_exactly(
    house: House, q: str, found: int
) -> None:
    assert len(texts(house, q)) == found


def test_the_newest_come_first_and_a_page_leads_to_the_next(house: House) -> None:
    first = ask(house, "oven", limit=1)
    assert ([hit.text[:4] for hit in first.hits], first.more) == (["Fish"], True)
    second = ask(house, "oven", limit=1, before=first.hits[-1].seq)
    assert ([hit.text[:7] for hit in second.hits], second.more) == (["The new"], False)


def test_marks_are_where_the_words_are_in_code_points(house: House) -> None:
    assert marked(house, "oven thurs") == ["ovens", "Thursday"]
    assert marked(house, "bread cake") == ["bread", "cake"]


def test_a_text_that_holds_the_marks_itself_is_shown_without_any(house: House) -> None:
    house.sit("ada").say("\ufdd0trick\ufdd1 question")
    (hit,) = ask(house, "question").hits
    assert (hit.text, hit.marks) == ("\ufdd0trick\ufdd1 question", ())


def test_a_hit_says_who_said_it_when_and_to_what(house: House) -> None:
    seq = house.sit("ben").say("A gugelhupf, then", reply_to=ask(house, "plum").hits[0].seq)
    (hit,) = ask(house, "gugelhupf").hits
    assert (hit.seq, hit.actor.name, hit.reply_to, hit.edited) == (seq, "Ben", seq - 1, False)


def test_what_an_agent_said_is_found_with_its_run(house: House) -> None:
    house.sit("ada").say("@scribe go on")
    (run,) = house.group.rules.runs.active()
    house.say(run.run_id, "Marzipan for everybody")
    house.end(run.run_id)
    (hit,) = ask(house, "marzipan").hits
    assert (hit.actor.kind, hit.run_id) == ("agent", run.run_id)


# ── the index keeps up ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edited_message_is_found_by_what_it_says_now(house: House) -> None:
    ada = house.sit("ada")
    seq = ada.say("strudel")
    for text in ("dumplings", "pancakes"):
        ada.ok("edit", seq=seq, text=text)
        (hit,) = ask(house, text).hits
        assert (hit.seq, hit.text, hit.edited) == (seq, text, True)
    assert texts(house, "strudel") == texts(house, "dumplings") == []


@pytest.mark.parametrize("edits", [0, 2])
def test_a_deleted_message_is_found_no_more(house: House, edits: int) -> None:
    ada = house.sit("ada")
    seq = ada.say("strudel 0")
    for number in range(edits):
        ada.ok("edit", seq=seq, text=f"strudel {number + 1}")
    ada.ok("delete", seq=seq)
    assert texts(house, "strudel") == []


def test_what_was_refused_is_not_found(house: House) -> None:
    house.sql.fail_on = "INSERT INTO events"
    with pytest.raises(RuntimeError):
        house.sit("ada").say("strudel")
    assert texts(house, "strudel") == []


@pytest.mark.parametrize("messages", [6, 100], ids=["before a batch", "over batches"])
def test_the_index_is_what_a_fresh_one_would_be(house: House, messages: int) -> None:
    ada = house.sit("ada")
    for number in range(messages):
        seq = ada.say(f"strudel {number}")
        for edit in range(number % 3):
            ada.ok("edit", seq=seq, text=f"dumpling {edit}")
        if number % 2:
            ada.ok("delete", seq=seq)
    check(house)


def test_messages_change_after_they_were_taken_into_the_index_and_before(house: House) -> None:
    ada = house.sit("ada")
    seqs = [ada.say(f"strudel {number}") for number in range(70)]
    for number, seq in enumerate(seqs):
        match number % 3:
            case 0:
                ada.ok("edit", seq=seq, text=f"dumpling {number}")
            case 1:
                ada.ok("delete", seq=seq)
    assert len(house.sql.execute("SELECT 1 FROM message_index('dumpling')")) < 24, "all is in the index already"
    check(house)
    assert len(house.sql.execute("SELECT 1 FROM message_index('dumpling')")) == 24
    assert len(house.sql.execute("SELECT 1 FROM message_index('strudel')")) == 23


def test_a_message_costs_the_index_nothing_until_there_are_many(house: House) -> None:
    ada = house.sit("ada")
    rows_before = house.sql.execute("SELECT count(*) FROM message_index_docsize")
    ada.say("strudel")
    assert house.sql.execute("SELECT count(*) FROM message_index_docsize") == rows_before
    assert texts(house, "strudel") == ["strudel"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM revisions",
        "DELETE FROM events",
        "UPDATE events SET body = json_set(body, '$.data.text', 'erased') WHERE type = 'message.created'",
    ],
)
@pytest.mark.parametrize("taken_in", [True, False])
def test_the_index_follows_what_is_taken_back_rewritten_or_removed(
    house: House, statement: str, taken_in: bool
) -> None:
    ada = house.sit("ada")
    for number in range(4):
        seq = ada.say(f"strudel {number}")
        if number > 0:
            ada.ok("edit", seq=seq, text=f"dumpling {number}")
        if number > 1:
            ada.ok("delete", seq=seq)
    if taken_in:
        house.group.room.journal.message_index.catch_up()
    house.sql.execute(statement)
    check(house)


def check(house: House) -> None:
    """SQLite compares every row of the index with the text it stands for."""
    house.group.room.journal.message_index.catch_up()
    house.sql.execute("INSERT INTO message_index (message_index, rank) VALUES ('integrity-check', 1)")


def test_a_group_from_before_the_index_gets_one() -> None:
    sql = FakeSql()
    sql.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
    for number, step in enumerate(STEPS[:INDEXED], 1):
        for statement in step:
            sql.execute(statement)
        sql.execute("INSERT INTO schema_version VALUES (?)", number)
    for seq, text in enumerate(("strudel", "old", "gone"), 1):
        body = json.dumps({"data": {"text": text}})
        sql.execute("INSERT INTO events (seq, type, body) VALUES (?, 'message.created', ?)", seq, body)
    sql.execute("INSERT INTO revisions VALUES (2, 'new strudel'), (3, NULL)")
    index = Journal(sql).message_index
    assert [found.marked for found in index.find("strudel", ("[", "]"), range(1, 9), 9)] == [
        "new [strudel]",
        "[strudel]",
    ]
    assert index.find("old OR gone", ("[", "]"), range(1, 9), 9) == []
    sql.close()


# ── who sees what ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_joined_later_finds_only_what_was_said_since_where_history_is_hidden() -> None:
    house = House(("ada",), history_visibility="since_join")
    house.sit("ada").say("strudel, in secret")
    house.set_roster(("ada", "ben"), ("scribe",), history_visibility="since_join")
    house.sit("ada").say("strudel for all")
    ada, ben, scribe = user_id("ada"), user_id("ben"), agent_id("scribe")
    assert texts(house, "strudel", ada) == ["strudel for all", "strudel, in secret"]
    assert texts(house, "strudel", ben) == texts(house, "strudel", scribe) == ["strudel for all"]
    assert texts(house, "strudel", ada, ben) == texts(house, "strudel", ada, scribe) == ["strudel for all"]


def test_only_a_member_may_ask(house: House) -> None:
    answer = house.call(SearchHistory(user_id=user_id("ada"), query=Search(q="plum")))
    assert SearchOk.model_validate_json(answer).hits[0].text.endswith("plum cake")
    with pytest.raises(Forbidden):
        house.call(SearchHistory(user_id=user_id("eve"), query=Search(q="plum")))


# ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("q", ["", " ", '"', '""', "*", "?!…", "👋🏽", "\0"])
def test_a_question_without_a_word_is_refused(q: str) -> None:
    with pytest.raises(InvalidBody):
        expression(q)


def test_a_question_has_so_many_words_and_no_more() -> None:
    expression("word " * TERMS_LIMIT)
    with pytest.raises(InvalidBody):
        expression("word " * (TERMS_LIMIT + 1))


@pytest.fixture(scope="module")
def index() -> MessageIndex:
    return Journal(FakeSql()).message_index


OPERATORS = ("AND", "OR", "NOT", "NEAR(", ")", "text:", "-", "+", "^", "*", '"', "{", "}", "\0", "a", "ß", "٣", " ")


@settings(max_examples=400)
@given(strategies.lists(strategies.sampled_from(OPERATORS) | strategies.text(max_size=5), max_size=12))
def test_no_question_is_an_error_of_the_database(index: MessageIndex, pieces: list[str]) -> None:
    try:
        asked = expression("".join(pieces))
    except InvalidBody:
        return
    assert index.find(asked, ("[", "]"), range(1, 9), 9) == []
