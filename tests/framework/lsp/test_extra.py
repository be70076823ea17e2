"""The language server is an extra: without it the command says what to install, and nothing else needs it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def ran(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_the_extra_the_command_says_what_to_install():
    told = ran("import sys; sys.modules['pygls'] = None\nfrom framework.cli.main import main\nsys.exit(main(['lsp']))")
    assert told.returncode == 2
    assert "pip install 'convo-framework[lsp]'" in told.stderr
    assert told.stdout == ""


def test_other_commands_do_without_it():
    told = ran(
        "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\nfrom framework.cli.main import main\n"
        "sys.exit(main(['lsp', '--help']) or main(['check', '--structure', 'flows/hello.yaml']))"
    )
    assert told.returncode == 0, told.stderr
