/** Places a flow's nodes in layers, so that ways mostly lead downwards. Pure: no DOM. */

export const NODE_HEIGHT = 40;
const LAYER_GAP = 52;
const NODE_GAP = 22;
const SWEEPS = 6;

/**
 * Nodes `{id, width}` and edges `{from, to}` to `{nodes: Map(id → {x, y, layer}), width, height}`, `x` and `y` being
 * the middle of each node.
 */
export function layout(nodes, edges, initial) {
  const forward = withoutCycles(nodes, edges, initial);
  const layers = inLayers(nodes, forward, initial);
  reduceCrossings(layers, forward);
  return coordinates(layers, nodes, forward);
}

/** The edges that don't lead back to where the walk came from. */
function withoutCycles(nodes, edges, initial) {
  const out = Map.groupBy?.(edges, (edge) => edge.from) ?? grouped(edges);
  const state = new Map();
  const forward = [];
  const walk = (id) => {
    state.set(id, "open");
    for (const edge of out.get(id) ?? []) {
      if (edge.to === id || state.get(edge.to) === "open") continue;
      forward.push(edge);
      if (!state.has(edge.to)) walk(edge.to);
    }
    state.set(id, "closed");
  };
  for (const id of [initial, ...nodes.map((node) => node.id)]) if (!state.has(id)) walk(id);
  return forward;
}

function grouped(edges) {
  const groups = new Map();
  for (const edge of edges) groups.set(edge.from, [...(groups.get(edge.from) ?? []), edge]);
  return groups;
}

/** Every node below all that lead to it. */
function inLayers(nodes, edges, initial) {
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < nodes.length; round++) {
    let moved = false;
    for (const { from, to } of edges) {
      if (depth.get(to) <= depth.get(from)) {
        depth.set(to, depth.get(from) + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const layers = [];
  const first = [...nodes].sort((a, b) => (b.id === initial) - (a.id === initial));
  for (const { id } of first) (layers[depth.get(id)] ??= []).push(id);
  return layers.filter(Boolean);
}

/** Order each layer by where its neighbours are. */
function reduceCrossings(layers, edges) {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const place = new Map(layers.flatMap((layer) => layer.map((id, index) => [id, (index + 0.5) / layer.length])));
    for (const layer of down ? layers : [...layers].reverse()) {
      const middle = new Map(layer.map((id) => [id, mean(neighbours(id, edges, down), place) ?? place.get(id)]));
      layer.sort((a, b) => middle.get(a) - middle.get(b));
      layer.forEach((id, index) => place.set(id, (index + 0.5) / layer.length));
    }
  }
}

function neighbours(id, edges, above) {
  return edges.filter((edge) => (above ? edge.to : edge.from) === id).map((edge) => (above ? edge.from : edge.to));
}

function mean(ids, place) {
  return ids.length ? ids.reduce((sum, id) => sum + place.get(id), 0) / ids.length : undefined;
}

function coordinates(layers, nodes, edges) {
  const width = new Map(nodes.map((node) => [node.id, node.width]));
  const rows = layers.map((layer) => layer.reduce((sum, id) => sum + width.get(id) + NODE_GAP, -NODE_GAP));
  const total = Math.max(...rows);
  const placed = new Map();
  layers.forEach((layer, index) => {
    const y = index * (NODE_HEIGHT + LAYER_GAP) + NODE_HEIGHT / 2;
    const spread = layer.length > 1 ? Math.min((total - rows[index]) / (layer.length + 1), 40) : 0;
    let x = (total - rows[index] - spread * (layer.length - 1)) / 2;
    for (const id of layer) {
      placed.set(id, { x: x + width.get(id) / 2, y, layer: index });
      x += width.get(id) + NODE_GAP + spread;
    }
  });
  for (const layer of layers) if (layer.length === 1) straighten(layer[0], placed, edges, width, total);
  return { nodes: placed, width: total, height: layers.length * (NODE_HEIGHT + LAYER_GAP) - LAYER_GAP };
}

/** A node alone in its layer stands below the middle of those above it. */
function straighten(id, placed, edges, width, total) {
  const above = edges.filter((edge) => edge.to === id).map((edge) => placed.get(edge.from).x);
  if (!above.length) return;
  const half = width.get(id) / 2;
  const wanted = above.reduce((sum, x) => sum + x, 0) / above.length;
  placed.get(id).x = Math.max(half, Math.min(total - half, wanted));
}
