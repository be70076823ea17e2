"""Where keys are kept: files and the store, under one suite."""

import json
import stat

import pytest

from framework.control.connection import Connection
from framework.control.store import Store
from framework.errors import StoreError, UserError
from framework.web.apikeys import issue
from framework.web.keyring import FileKeyring, StoreKeyring, keyring_of, keys_file


def record(name="web"):
    return issue(name, tenant="acme", scopes=("join",))[1]


class DictStore:
    """What a keyring needs of a store, in a dict."""

    def __init__(self):
        self.texts = {}

    async def keys(self):
        return dict(self.texts)

    async def put_key(self, key_id, record):
        self.texts[key_id] = record


@pytest.fixture(params=["file", "embedded"])
async def keyring(request, tmp_path):
    if request.param == "file":
        yield FileKeyring(tmp_path / "var" / "keys.json")
        return
    store = Store(Connection.embedded())
    yield StoreKeyring(store)
    await store.close()


async def test_what_is_put_is_there(keyring):
    one, two = record("one"), record("two")
    assert await keyring.all() == []
    await keyring.put(one)
    await keyring.put(two)
    assert sorted(each.name for each in await keyring.all()) == ["one", "two"]
    assert await keyring.get(one.key_id) == one
    assert await keyring.get("0123456789abcdef") is None


async def test_a_record_takes_the_place_of_the_one_with_its_id(keyring):
    one = record()
    await keyring.put(one)
    await keyring.put(one.revoked())
    (kept,) = await keyring.all()
    assert kept.revoked_at is not None


# --- Files ------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


async def test_the_file_is_its_owners_alone_and_nothing_else_is_left_behind(path):
    await FileKeyring(path).put(record())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == [".keys.json.lock", "keys.json"]


async def test_a_change_by_another_process_is_seen(path):
    reader, writer = FileKeyring(path), FileKeyring(path)
    assert await reader.all() == []
    await writer.put(record("one"))
    assert len(await reader.all()) == 1
    await writer.put(record("two"))
    assert len(await reader.all()) == 2
    path.unlink()
    assert await reader.all() == []


async def test_a_mounted_secret_that_is_swapped_by_a_link_is_seen(path, tmp_path):
    for name in ("one", "two"):
        await FileKeyring(tmp_path / f"{name}.json").put(record(name))
    path.symlink_to(tmp_path / "one.json")
    keyring = FileKeyring(path)
    assert [each.name for each in await keyring.all()] == ["one"]
    (tmp_path / "next").symlink_to(tmp_path / "two.json")
    (tmp_path / "next").replace(path)
    assert [each.name for each in await keyring.all()] == ["two"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"keys": 1}', '{"keys": [1]}', '{"keys": [{"key_id": "short"}]}', "\x80", "[" * 100_000],
)
async def test_a_damaged_file_lets_nobody_in_and_says_where_it_is(path, text):
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UserError) as told:
        await FileKeyring(path).all()
    assert told.value.where == str(path)
    assert told.value.fix


async def test_a_damaged_file_is_not_written_over(path):
    path.write_text("{")
    with pytest.raises(UserError):
        await FileKeyring(path).put(record())
    assert path.read_text() == "{"


async def test_what_is_wrong_with_a_record_is_said_without_its_values(path):
    wrong = record().model_dump(mode="json") | {"tenant": "not a tenant: s3cret"}
    path.write_text(json.dumps({"keys": [wrong]}))
    with pytest.raises(UserError) as told:
        await FileKeyring(path).all()
    assert "tenant" in str(told.value)
    assert "s3cret" not in str(told.value)
    assert wrong["hash"] not in str(told.value)


async def test_a_file_that_everyone_may_write_to_is_refused(path):
    await FileKeyring(path).put(record())
    path.chmod(0o666)
    with pytest.raises(UserError) as told:
        await FileKeyring(path).all()
    assert "chmod 600" in told.value.fix


async def test_a_folder_in_the_files_place_is_a_sentence(path):
    path.mkdir()
    with pytest.raises(UserError):
        await FileKeyring(path).all()
    with pytest.raises(UserError):
        await FileKeyring(path).put(record())


# --- The store --------------------------------------------------------------


async def test_a_stored_record_that_cannot_be_read_lets_nobody_in_and_keeps_nobody_out():
    store = DictStore()
    await StoreKeyring(store).put(record())
    store.texts["0123456789ab"] = '{"key_id": "another"}'
    assert [each.name for each in await StoreKeyring(store).all()] == ["web"]


async def test_a_record_under_another_keys_id_is_left_out():
    store = DictStore()
    store.texts["0123456789ab"] = record().model_dump_json()
    with pytest.raises(StoreError):
        await StoreKeyring(store).all()


async def test_a_store_with_nothing_but_damaged_keys_is_not_a_store_without_keys():
    store = DictStore()
    store.texts["0123456789ab"] = "{"
    with pytest.raises(StoreError):
        await StoreKeyring(store).all()


# --- Which of them ----------------------------------------------------------


def test_the_file_is_the_projects_own_or_the_one_that_is_named(tmp_path):
    assert keys_file(tmp_path, {}) == tmp_path / "var" / "keys.json"
    assert str(keys_file(tmp_path, {"CONVO_KEYS_FILE": "/etc/convo/keys.json"})) == "/etc/convo/keys.json"


async def test_a_named_file_comes_before_the_store_and_must_be_there(tmp_path):
    named = {"CONVO_KEYS_FILE": str(tmp_path / "misspelt.json")}
    assert isinstance(keyring_of(tmp_path, store=DictStore(), environment={}), StoreKeyring)
    assert await keyring_of(tmp_path, environment={}).all() == []
    with pytest.raises(UserError):
        await keyring_of(tmp_path, store=DictStore(), environment=named).all()
