"""Turn the wheel's `.ort` graphs into ONNX graphs that multiply in int8. The weights stay the same, number for number.

The wheel stores a weight matrix as `Cast(int8) → Mul(scale) → Add(offset)` in front of every MatMul, and computes it
anew at every step. The offset is a whole multiple of the scale, so each chain is exactly a zero point:
`DynamicQuantizeMatMul(x, q, scale, zero_point)`. Embeddings become `Gather → DequantizeLinear`; convolutions become
floats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import FrameworkError, needs
from framework.services.providers.moonshine.store import GRAPHS

with needs("offline"):
    import onnx
    import onnxruntime  # type: ignore[import-untyped]
    from onnx import helper, numpy_helper

WHOLE = 1e-2
"""How far offset/scale may be from a whole number, for the rounding of 32-bit floats."""

INT8 = range(-128, 128)


def prepare(source: Path, target: Path, progress: Callable[[float], None]) -> None:
    """Write the prepared graphs of `source` into `target`."""
    target.mkdir(parents=True)
    for done, name in enumerate(GRAPHS):
        plain = target / f"{name}.plain.onnx"
        _unpack(source / f"{name}.ort", plain)
        progress((done + 0.5) / len(GRAPHS))
        model = onnx.load(str(plain))
        rewrite(model)
        (target / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
        plain.unlink()
        progress((done + 1) / len(GRAPHS))


def _unpack(source: Path, target: Path) -> None:
    """Have onnxruntime write its own format as ONNX, nothing optimised."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def rewrite(model: Any) -> None:
    """Replace every dequantised weight of a model, in place, also inside its branches."""
    rewriting = _Rewriting(model.graph)
    rewriting.walk(model.graph, "main")
    rewriting.tidy()


@dataclass(frozen=True, slots=True)
class _Weight:
    """One chain: `scale * (values - zero)`."""

    values: str
    scale: float
    zero: int


@dataclass
class _Rewriting:
    graph: Any
    added: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        self._weights: dict[str, _Weight] = {}
        self._chains: set[str] = set()
        self._find_chains()

    def _find_chains(self) -> None:
        users = defaultdict(list)
        for node in self.graph.node:
            for name in node.input:
                users[name].append(node)
        for cast in self.graph.node:
            if cast.op_type == "Cast" and self._is_int8(cast.input[0]):
                mul = users[cast.output[0]][0]
                add = users[mul.output[0]][0]
                self._weights[add.output[0]] = self._weight(cast.input[0], mul, add)
                self._chains.update(node.output[0] for node in (cast, mul, add))

    def _is_int8(self, name: str) -> bool:
        return name in self._tensors and self._tensors[name].data_type == onnx.TensorProto.INT8

    def _weight(self, values: str, mul: Any, add: Any) -> _Weight:
        scale = float(np.ravel(self._array(mul.input[1]))[0])
        zero = -float(np.ravel(self._array(add.input[1]))[0]) / scale
        if abs(zero - round(zero)) > WHOLE or round(zero) not in INT8:
            raise FrameworkError(
                f"the weights `{values}` are not stored as expected", fix="Report this with the wheel's version."
            )
        return _Weight(values, scale, round(zero))

    def _array(self, name: str) -> Any:
        return numpy_helper.to_array(self._tensors[name])

    # --- Walking ------------------------------------------------------------

    def walk(self, graph: Any, name: str) -> None:
        """Rewrite a graph and its subgraphs; a subgraph without a name would be invalid."""
        graph.name = name
        kept: list[Any] = []
        turned: dict[str, str] = {}
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    self.walk(attribute.g, attribute.name)
            if not (node.output and node.output[0] in self._chains):
                kept.extend(self._replaced(node, turned))
        del graph.node[:]
        graph.node.extend(kept)

    def _replaced(self, node: Any, turned: dict[str, str]) -> Iterator[Any]:
        """The nodes that stand for one node; `turned` remembers transposed weights."""
        place = next((place for place, name in enumerate(node.input) if name in self._weights), None)
        if node.op_type == "Transpose" and place == 0:
            turned[node.output[0]] = node.input[0]
        elif node.op_type == "MatMul" and (node.input[1] in self._weights or node.input[1] in turned):
            yield self._product(node, turned)
        elif node.op_type == "Gather" and place == 0:
            yield from self._lookup(node)
        else:
            if place is not None:
                node.input[place] = self._floats(self._weights[node.input[place]])
            yield node

    def _product(self, node: Any, turned: dict[str, str]) -> Any:
        weight = node.input[1]
        factors = self._transposed(turned[weight]) if weight in turned else self._constants(weight)
        inputs = [node.input[0], *factors]
        return helper.make_node("DynamicQuantizeMatMul", inputs, node.output, node.name, domain="com.microsoft")

    def _lookup(self, node: Any) -> Iterator[Any]:
        values, scale, zero = self._constants(node.input[0])
        raw = f"{node.output[0]}/int8"
        yield helper.make_node("Gather", [values, node.input[1]], [raw], node.name, axis=0)
        yield helper.make_node("DequantizeLinear", [raw, scale, zero], node.output, f"{node.name}/dequantised")

    # --- Constants ------------------------------------------------------------

    def _constants(self, weight: str) -> tuple[str, str, str]:
        known = self._weights[weight]
        scale = self._tensor(f"{known.values}/scale", np.array(known.scale, np.float32))
        zero = self._tensor(f"{known.values}/zero", np.array(known.zero, np.int8))
        return known.values, scale, zero

    def _transposed(self, weight: str) -> tuple[str, str, str]:
        values, scale, zero = self._constants(weight)
        name = f"{values}/transposed"
        if name not in self._tensors:
            self._tensor(name, np.ascontiguousarray(self._array(values).T))
        return name, scale, zero

    def _floats(self, weight: _Weight) -> str:
        whole = self._array(weight.values).astype(np.float32) - weight.zero
        return self._tensor(f"{weight.values}/float", whole * np.float32(weight.scale))

    def _tensor(self, name: str, values: Any) -> str:
        if name not in self._tensors:
            self._tensors[name] = numpy_helper.from_array(values, name)
            self.added.append(self._tensors[name])
        return name

    def tidy(self) -> None:
        """Drop what nothing reads any more."""
        used = set(_inputs(self.graph))
        kept = [tensor for tensor in [*self.graph.initializer, *self.added] if tensor.name in used]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)


def _inputs(graph: Any) -> Iterator[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _inputs(attribute.g)
