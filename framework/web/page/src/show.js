/** Puts turns and slots on the page. All text goes in as text, never as markup. */

const NAMES = { user: "You", bot: "Bot", tool: "Tool", error: "Error", transfer: "Transfer", note: "", end: "" };

/** The conversation so far, newest at the bottom. */
export class Transcript {
  constructor(place) {
    this.place = place;
    this.shown = new Map();
  }

  clear() {
    this.shown.clear();
    this.place.replaceChildren();
  }

  show(turn) {
    const follow = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < 80;
    let item = this.shown.get(turn.id);
    if (!item) {
      item = this.place.appendChild(document.createElement("li"));
      this.shown.set(turn.id, item);
    }
    item.className = `turn ${turn.who}`;
    item.dataset.testid = "turn";
    item.dataset.who = turn.who;
    item.toggleAttribute("data-interim", Boolean(turn.interim));
    item.toggleAttribute("data-interrupted", Boolean(turn.interrupted));
    item.replaceChildren(...parts(turn));
    if (follow) this.place.scrollTop = this.place.scrollHeight;
  }
}

function parts(turn) {
  const words = made("p", "words");
  words.append(made("span", "heard", turn.text));
  if (turn.rest) words.append(" ", made("span", "unheard", turn.rest));
  const who = NAMES[turn.who] ? [made("span", "who", NAMES[turn.who])] : [];
  const small = [];
  if (turn.interrupted) small.push(made("span", "badge", "interrupted"));
  if (turn.latency !== undefined) {
    const latency = made("span", "latency", `${(turn.latency / 1000).toFixed(2)} s`);
    latency.dataset.testid = "latency";
    latency.title = "from your last word to the answer";
    small.push(latency);
  }
  const foot = made("p", "small");
  foot.append(...small);
  return [...who, words, ...(small.length ? [foot] : [])];
}

/** The slots as rows; the one that `changed` lights up. */
export function showSlots(table, slots, changed) {
  const rows = [...slots].map(([name, { value, source }]) => {
    const row = made("tr", name === changed ? "changed" : "");
    row.dataset.testid = "slot";
    row.dataset.name = name;
    const head = made("th", "", name);
    head.scope = "row";
    const cell = made("td", "", typeof value === "string" ? value : JSON.stringify(value));
    cell.title = source ? `set by: ${source}` : "";
    row.append(head, cell);
    return row;
  });
  if (!rows.length) {
    const row = made("tr", "quiet");
    const cell = made("td", "", "Nothing yet.");
    cell.colSpan = 2;
    row.append(cell);
    rows.push(row);
  }
  table.replaceChildren(...rows);
}

function made(name, className, text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}
