"""Play many scenarios: find them, share them out among processes, gather how they went."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework import log
from framework.documents import Diagnostic, scan
from framework.errors import UserError
from framework.project import Project
from framework.project.folders import ENDINGS
from framework.simulator.load import Case, Suite, checked, is_scenario, load
from framework.simulator.play import Result, play
from framework.simulator.recordings import Recordings, beside
from framework.simulator.stage import Stage

ALONE_S = 2.0
"""What is done within so many seconds needs no more processes: starting them takes about as long."""


@dataclass(frozen=True)
class Found:
    """The scenario files of a project, or those that were named."""

    suites: tuple[Suite, ...]

    @property
    def cases(self) -> list[Case]:
        """All scenarios."""
        return [case for suite in self.suites for case in suite.cases]

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything that is wrong with the files."""
        return sorted({one for suite in self.suites for one in suite.diagnostics})

    @property
    def texts(self) -> dict[str, str]:
        """The files' texts."""
        return {name: text for suite in self.suites for name, text in suite.texts.items()}


def find(paths: Sequence[Path], project: Project) -> Found:
    """The scenarios in files and folders; without any, those in the project's `flows/tests`.

    Raises:
        UserError: There is no such file, or it holds no scenarios.
    """
    home = _home(project)
    wanted = list(paths) or ([home] if home.is_dir() else [])
    files = list(dict.fromkeys(file for path in wanted for file in _below(path)))
    read = {file: scan(file, project.root, mode="ours") for file in files}
    included = {Path(n).resolve() for f, (_, _, texts) in read.items() for n in texts if n != str(f)}
    suites = []
    for file, (source, problems, texts) in read.items():
        named = file in paths
        if file.resolve() in included and not named:
            continue
        if source is not None and not is_scenario(source.value):
            if named:
                fix = "A scenario file has `name:` and `scenarios:`; `convo schema scenario` prints the rest."
                raise UserError(f"`{file}` holds no scenarios.", fix=fix)
            continue
        suites.append(checked(source, problems, texts, file, project))
    return Found(tuple(suites))


def _home(project: Project) -> Path:
    folder = project.root / "flows" / "tests"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    yield from sorted(p for p in path.rglob("*") if p.suffix in ENDINGS and p.is_file() and "/." not in str(p))


# --- Playing ----------------------------------------------------------------------------


def run(
    cases: Sequence[Case],
    stage: Stage,
    *,
    jobs: int | None = None,
    on_result: Callable[[Result], bool] = lambda _: True,
    events: bool = False,
) -> list[Result]:
    """Play scenarios, in the order of the files; what takes longer is shared out among processes.

    Args:
        cases: What to play.
        stage: Where flows are made ready.
        jobs: How many processes; by itself one, and as many as there are processors when it takes long.
        on_result: Gets each result as it comes; False stops the rest.
        events: Whether results hold the events of their conversations.
    """
    results: dict[int, Result] = {}
    begun = time.process_time()
    for number, case in enumerate(cases):
        long = jobs is None and time.process_time() - begun > ALONE_S
        if long or (jobs or 1) > 1:
            _shared(cases, number, stage.project, jobs or os.cpu_count() or 1, results, on_result, events=events)
            break
        results[number] = play(case, stage, events=events)
        if not on_result(results[number]):
            break
    return [results[number] for number in sorted(results)]


def _shared(
    cases: Sequence[Case],
    begin: int,
    project: Project,
    jobs: int,
    results: dict[int, Result],
    on_result: Callable[[Result], bool],
    *,
    events: bool,
) -> None:
    """Play the rest in other processes; each reads the files for itself."""
    left = list(range(begin, len(cases)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(left)) or 1, context, _begin, (str(project.root), [str(p) for p in project.extra_plugins])
    ) as pool:
        running = {pool.submit(_played, cases[n].file, cases[n].name, events): n for n in left}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                number = running.pop(future)
                results[number] = future.result()
                if not on_result(results[number]):
                    pool.shutdown(cancel_futures=True)
                    return


_STAGE: dict[str, Any] = {}


def _begin(root: str, plugins: Iterable[str]) -> None:
    log.set_up()  # what libraries say on being imported is not for whoever reads the results
    _STAGE["stage"] = Stage(Project.find(Path(root), plugins))


def _played(file: str, name: str, events: bool) -> Result:
    stage: Stage = _STAGE["stage"]
    if file not in _STAGE:
        _STAGE[file] = {case.name: case for case in load(file, stage.project).cases}
    return play(_STAGE[file][name], stage, events=events)


def record(cases: Sequence[Case], stage: Stage, on_result: Callable[[Result], bool] = lambda _: True) -> list[Result]:
    """Play scenarios with the real tools where they are to be `recorded`, and write down what these answered."""
    results = []
    for file in dict.fromkeys(case.file for case in cases):
        kept = Recordings(beside(file))
        played = [case for case in cases if case.file == file]
        for case in played:
            results.append(play(case, stage, kept))
            on_result(results[-1])
        kept.save({case.name for case in played})
    return results
