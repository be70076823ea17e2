/** Draws a flow and shows where the conversation is. */

import { layout, NODE_HEIGHT } from "./layout.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 26;
const LETTER = 7.4;
const MARKS = {
  say: "”",
  instruct: "✦",
  collect: "?",
  run: "⚙",
  subflow: "⧉",
  transfer: "☎",
  wait: "…",
  decide: "◇",
  end: "■",
};

/** The drawing of one flow inside `place`, an element. */
export class Graph {
  constructor(place) {
    this.place = place;
  }

  /** Draw `{initial, nodes: [{id, title, kind, end}], edges: [{from, to, label}]}`. */
  draw(flow) {
    const nodes = flow.nodes.map((node) => ({ ...node, width: Math.min(200, Math.max(76, caption(node).length * LETTER + 44)) }));
    const known = new Set(nodes.map((node) => node.id));
    const edges = merged(flow.edges.filter((edge) => known.has(edge.from) && known.has(edge.to)));
    const plan = layout(nodes, edges, flow.initial);
    const sides = { left: 0, right: 0 };
    const picture = element("svg", { role: "img", "aria-label": `The flow ${flow.flow}, ${nodes.length} nodes` });
    const ways = element("g", { class: "ways" });
    const boxes = element("g", { class: "boxes" });
    picture.append(arrowhead(), ways, boxes);
    this.edges = edges.map((edge) => ({ ...edge, line: ways.appendChild(way(edge, plan, nodes, sides)) }));
    this.boxes = new Map(nodes.map((node) => [node.id, boxes.appendChild(box(node, plan.nodes.get(node.id)))]));
    const left = MARGIN + sides.left * 12;
    const width = plan.width + left + MARGIN + sides.right * 12;
    const height = plan.height + 2 * MARGIN;
    picture.setAttribute("viewBox", `${-left} ${-MARGIN} ${width} ${height}`);
    picture.style.maxWidth = `${Math.round(width * 1.1)}px`;
    picture.style.minHeight = `${Math.round(height * 0.62)}px`; // smaller would be hard to read; then one scrolls
    this.place.replaceChildren(picture);
  }

  clear(text) {
    this.edges = [];
    this.boxes = new Map();
    this.place.replaceChildren(Object.assign(document.createElement("p"), { className: "quiet", textContent: text }));
  }

  /** Show the node where the conversation is, the way it came, and where it has been. */
  show(node, from, visited) {
    for (const [id, drawn] of this.boxes) {
      drawn.classList.toggle("current", id === node);
      drawn.classList.toggle("visited", visited.has(id));
      if (id === node) this.#reveal(drawn);
    }
    for (const edge of this.edges) edge.line.classList.toggle("taken", edge.from === from && edge.to === node);
  }

  #reveal(drawn) {
    const frame = this.place.getBoundingClientRect();
    const { top, bottom } = drawn.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom) this.place.scrollTop += (top + bottom) / 2 - (frame.top + frame.bottom) / 2;
  }
}

function caption(node) {
  const text = node.title || node.id;
  return text.length > 22 ? `${text.slice(0, 21)}…` : text;
}

/** Edges between the same two nodes become one with all their labels. */
function merged(edges) {
  const byEnds = new Map();
  for (const { from, to, label } of edges) {
    const key = JSON.stringify([from, to]);
    const edge = byEnds.get(key) ?? { from, to, labels: [] };
    if (label) edge.labels.push(label);
    byEnds.set(key, edge);
  }
  return [...byEnds.values()];
}

function box(node, { x, y }) {
  const group = element("g", { class: `node ${node.end ? "end" : ""}`, "data-node": node.id, "data-testid": "graph-node" });
  const shape = { x: x - node.width / 2, y: y - NODE_HEIGHT / 2, width: node.width, height: NODE_HEIGHT, rx: 10 };
  const mark = element("text", { x: x - node.width / 2 + 16, y: y + 5, class: "mark" }, MARKS[node.end && node.kind === "say" ? "end" : node.kind] ?? "");
  const name = element("text", { x: x + 10, y: y + 5, class: "name" }, caption(node));
  const hint = element("title", {}, `${node.title || node.id} (${node.kind})${node.description ? `: ${node.description}` : ""}`);
  group.append(hint, element("rect", shape), mark, name);
  return group;
}

function way(edge, plan, nodes, sides) {
  const from = plan.nodes.get(edge.from);
  const to = plan.nodes.get(edge.to);
  const line = element("path", { d: curve(edge, from, to, plan, nodes, sides), "marker-end": "url(#arrow)" });
  line.append(element("title", {}, `${edge.from} → ${edge.to}${edge.labels.length ? `: ${edge.labels.join("; ")}` : ""}`));
  return line;
}

/** Downwards a plain curve; back up, sideways or to itself around the side that is nearer. */
function curve(edge, from, to, plan, nodes, sides) {
  const half = NODE_HEIGHT / 2;
  if (to.layer === from.layer + 1) {
    const bend = (to.y - from.y) / 2;
    return `M${from.x} ${from.y + half} C${from.x} ${from.y + half + bend / 2} ${to.x} ${to.y - half - bend / 2} ${to.x} ${to.y - half - 3}`;
  }
  const right = (from.x + to.x) / 2 >= plan.width / 2;
  const sign = right ? 1 : -1;
  const width = (id) => nodes.find((node) => node.id === id).width / 2;
  const start = from.x + sign * width(edge.from);
  const finish = to.x + sign * width(edge.to);
  const [low, high] = [Math.min(from.layer, to.layer), Math.max(from.layer, to.layer)];
  const passed = nodes.filter((node) => plan.nodes.get(node.id).layer >= low && plan.nodes.get(node.id).layer <= high);
  const edges = passed.map((node) => plan.nodes.get(node.id).x + sign * (node.width / 2));
  const lane = (right ? ++sides.right : ++sides.left) * 12;
  const out = right ? Math.max(...edges) + lane : Math.min(...edges) - lane;
  const dy = edge.from === edge.to ? 10 : 4;
  return `M${start} ${from.y + dy} C${out} ${from.y + dy} ${out} ${from.y} ${out} ${(from.y + to.y) / 2} S${out} ${to.y - dy} ${finish + sign * 3} ${to.y - dy}`;
}

function arrowhead() {
  const marker = element("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" });
  marker.append(element("path", { d: "M0 0 L8 4 L0 8 z" }));
  const defs = element("defs", {});
  defs.append(marker);
  return defs;
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
