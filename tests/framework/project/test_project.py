"""Projects: where they begin, and what names mean in them."""

import pytest

from framework.documents import DocumentError
from framework.errors import UnknownNameError, UserError
from framework.project import Project, bundled


@pytest.fixture
def root(tmp_path):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/shop.yaml").write_text("flow: shop\n")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "convo.yaml").write_text(
        "bots: {shop: {flow: shop, max_sessions: 3}}\nplugins: {block: [weather], settings: {shop: {database: x.db}}}\n"
        "transfers: {desk: '+15550100000'}\n"
    )
    return tmp_path


def test_a_project_is_found_from_a_folder_below(root):
    project = Project.find(root / "flows")
    assert project.root == root
    assert project.bots["shop"].max_sessions == 3
    assert (project.blocked, project.plugin_settings) == (("weather",), {"shop": {"database": "x.db"}})
    assert project.transfers == {"desk": "+15550100000"}


def test_the_only_bot_is_the_default(root):
    assert Project.find(root).default_bot == "shop"
    (root / "convo.yaml").write_text("bots: {a: {flow: shop}, b: {flow: shop}}\n")
    assert Project.find(root).default_bot is None


def test_names_mean_the_projects_files_before_the_bundled_ones(root):
    project = Project.find(root)
    assert project.flow_path("shop") == root / "flows/shop.yaml"
    assert project.flow_path("hello").parent == bundled() / "flows"
    (root / "flows/hello.yaml").write_text("flow: hello\n")
    assert Project.find(root).flow_path("hello").parent == root / "flows"


def test_a_flow_may_lie_anywhere(root, tmp_path):
    path = tmp_path / "elsewhere.yaml"
    path.write_text("flow: x\n")
    assert Project.find(root).flow_path(path) == path
    assert Project.find(root).flow_path("flows/shop.yaml") == root / "flows/shop.yaml"


def test_an_unknown_name_offers_the_nearest_one(root):
    with pytest.raises(UnknownNameError, match="Did you mean `shop`"):
        Project.find(root).flow_path("shpo")
    with pytest.raises(UnknownNameError, match="Did you mean `shop`"):
        Project.find(root).bot("shpo")
    with pytest.raises(UserError, match="there is no file"):
        Project.find(root).flow_path("nope/x.yaml")


def test_without_a_convo_yaml_the_folder_is_the_project(tmp_path):
    project = Project.find(tmp_path)
    assert project.root == tmp_path
    assert project.bots == {}
    assert "hello" in project.names("flows")


def test_a_broken_convo_yaml_is_refused_or_reported(root):
    (root / "convo.yaml").write_text("bots: {shop: {flw: shop, flow: shop}}\n")
    with pytest.raises(DocumentError):
        Project.find(root)
    project = Project.find(root, strict=False)
    assert [d.code for d in project.problems] == ["CFG001"]
    assert project.bots["shop"].flow == "shop"


def test_plugin_folders_are_the_projects_the_bundled_and_the_named_ones(root, tmp_path):
    (tmp_path / "more").mkdir()
    folders = Project.find(root, plugins=[tmp_path / "more"]).plugin_folders
    assert folders[0] == root / "plugins"
    assert folders[-1] == tmp_path / "more"
