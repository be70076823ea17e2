"""The Dockerfile: linted, pinned, without secrets, for any user and any architecture."""

import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)


@pytest.fixture(scope="module")
def dockerfile(root):
    return root / "Dockerfile"


@pytest.fixture(scope="module")
def lines(dockerfile):
    """Instructions with their arguments, comments left out, continued lines joined."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def of(lines, instruction):
    return [rest for word, rest in lines if word == instruction]


def test_a_linter_has_nothing_to_say(dockerfile):
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, "--no-color", dockerfile], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_stand_on_the_same_pinned_python(lines):
    images = {rest.split()[0] for rest in of(lines, "FROM")}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", images.pop())


def test_it_runs_as_the_user_that_the_manifests_name(lines, manifests, find):
    assert of(lines, "USER") == ["10001:10001"]
    for name in ("convo-gateway", "convo-operator", "convo-runner"):
        pod = find(manifests, "Deployment", name)["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsUser"] == 10001


def test_programs_get_their_signals_themselves(lines):
    for word in ("ENTRYPOINT", "CMD"):
        assert all(rest.startswith("[") for rest in of(lines, word))
    assert of(lines, "HEALTHCHECK") == []


def test_nothing_names_an_architecture(lines):
    assert not re.search(r"amd64|arm64|x86|aarch64|--platform", " ".join(rest for _, rest in lines))


def test_no_secret_is_baked_in(lines):
    for word in ("ARG", "ENV"):
        names = [pair.partition("=")[0] for rest in of(lines, word) for pair in shlex.split(rest)]
        assert not [name for name in names if SECRET.search(name)]


def test_everything_is_installed_by_its_hash_and_compiled(lines):
    installs = [step for rest in of(lines, "RUN") for step in rest.split("&&") if "pip install" in step]
    for step in installs:
        assert "--require-hashes" in step or "--no-deps" in step
        assert "--compile-bytecode" in step or "requirements/uv.txt" in step
    assert "PYTHONDONTWRITEBYTECODE" not in " ".join(of(lines, "ENV"))


def test_only_tmp_is_written_to(lines):
    told = dict(pair.split("=", 1) for pair in shlex.split(of(lines, "ENV")[-1]))
    assert told["HOME"] == "/tmp"
    assert told["NUMBA_CACHE_DIR"].startswith("/tmp/")
    assert told["CONVO_CACHE"] == "/opt/convo/models"
    assert told["OPENBLAS_NUM_THREADS"] == "1"


def test_what_is_copied_is_there_and_let_in(lines, root):
    rules = [rule for rule in (root / ".dockerignore").read_text(encoding="utf-8").splitlines() if rule.strip()]
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    assert rules[1] == "*"
    for rule in let_in:
        assert list(root.glob(rule)), f"`{rule}` is let in and not there"
    for rest in of(lines, "COPY"):
        if not rest.startswith("--from") and rest != ". .":
            for source in rest.split()[:-1]:
                assert (root / source).is_file()
                assert any(fnmatch(source, rule) for rule in let_in)


def test_nothing_private_is_let_in(root):
    rules = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "**/.env" in rules
    assert not {"!.git", "!var", "!tests", "!.env"} & set(rules)


def test_the_lock_of_the_image_has_what_its_programs_need(root):
    pinned = set(re.findall(r"^([\w.-]+)==", (root / "requirements" / "image.txt").read_text("utf-8"), re.MULTILINE))
    assert {"pipecat-ai", "lightkube", "redis", "piper-tts", "onnxruntime", "moonshine-cpp"} <= pinned
    assert not {"pytest", "mypy", "ruff", "playwright"} & pinned
