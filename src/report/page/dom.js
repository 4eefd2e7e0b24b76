// Elements. Text reaches the page as text nodes and attributes alone, never as markup, and what could steer it is written out.

// Control characters, and those that turn, join or hide text: the same as `escape` in src/event.rs writes out.
const STEERING = [
  [0x0, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];

const steers = (code) => STEERING.some(([from, to]) => code >= from && code <= to);

/** Returns a text with every character that would steer it written as `\u{…}`. */
export function shown(text) {
  let out = "";
  for (const c of String(text)) {
    const code = c.codePointAt(0);
    out += steers(code) ? `\\u{${code.toString(16)}}` : c;
  }
  return out;
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : shown(value));
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(shown(child)));
  }
}

/** Makes an element. Children are elements, texts, lists of these, or nothing. */
export const h = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);

/** Makes an element of a drawing. */
export const s = (tag, properties, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

/** Puts an element, texts or a list of these in place of all that another has. */
export function put(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/** Places an element at a share of its parent's width, by script because the page allows no style in markup. */
export function place(element, left, width) {
  element.style.left = `${(100 * left).toFixed(2)}%`;
  if (width !== undefined) element.style.width = `${(100 * width).toFixed(2)}%`;
  return element;
}

/** The same for a share of its parent's height, from the top. */
export function raise(element, top) {
  element.style.top = `${(100 * top).toFixed(2)}%`;
  return element;
}

/** Says something to those who listen to the page. */
export function say(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  requestAnimationFrame(() => {
    said.textContent = shown(text);
  });
}

/** A list of names and what stands for each; those without anything are left out. */
export const facts = (rows, properties) =>
  h(
    "dl",
    { class: "facts", ...properties },
    rows
      .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "" && value.length !== 0)
      .map(([name, ...value]) => h("div", null, h("dt", null, name), h("dd", null, value))),
  );

/** A section with a heading. */
export const section = (title, ...children) => h("section", null, h("h2", null, title), children);

/**
 * Lets a table be shown with each of its rows as a block, where there is no room for columns: cells say what stands over them, and all of it
 * says what it is of a table, which browsers forget of what is shown so.
 */
function stack(all) {
  const heads = [...all.querySelectorAll("thead th, thead td")].map((head) => head.textContent);
  const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
  for (const element of [all, ...all.querySelectorAll("thead, tbody, tr, th, td")])
    element.setAttribute("role", roles[element.tagName] ?? (element.scope === "row" ? "rowheader" : "columnheader"));
  for (const row of all.tBodies[0].rows) for (const [at, cell] of [...row.cells].entries()) cell.dataset.head = shown(heads[at] ?? "");
}

/** A table that may be wider than the page, unless it is of the class `stack`: see there. Heads of numbers stand over them. */
export function table(label, heads, rows, properties) {
  const cells = rows[0]?.children ?? [];
  const head = (one, at) =>
    one instanceof Node
      ? one
      : h(one === "" ? "td" : "th", { scope: one === "" ? null : "col", class: cells[at]?.className === "number" ? "number" : null }, one);
  const all = h("table", properties, h("thead", null, h("tr", null, heads.map(head))), h("tbody", null, rows));
  if (all.classList.contains("stack")) stack(all);
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, all);
}

/** The words that stand for an id from a log, unbroken where they fit. */
export const id = (text, properties) => h("span", { class: "id", ...properties }, text);

/** A text in which the service put names between backticks. */
export const coded = (text) =>
  String(text ?? "")
    .split("`")
    .map((part, at) => (at % 2 === 1 ? h("code", null, part) : part));

/** Lets a button show that its work goes on, says so, and returns what the work gives. Meanwhile it cannot be pressed again. */
export async function busy(button, words, work, tell = say) {
  const hadFocus = document.activeElement === button;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  tell(`${words}…`);
  try {
    return await work();
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
    // What cannot be pressed loses the focus.
    if (hadFocus && !document.activeElement?.matches("a, button, input, h1")) button.focus({ preventScroll: true });
  }
}

/** Shows a dialog and returns what button it ended with. */
export function ask(title, content, buttons) {
  const dialog = h(
    "dialog",
    { "aria-label": title },
    h(
      "form",
      { method: "dialog" },
      h("div", { class: "scroll" }, h("h2", null, title), content),
      h(
        "div",
        { class: "buttons" },
        buttons.map(([value, words, kind]) => h("button", { value, class: kind }, words)),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
