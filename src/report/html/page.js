"use strict";
const table = document.getElementById("incidents");
const heads = table ? [...table.tHead.rows[0].cells] : [];
heads.forEach((head, column) => head.addEventListener("click", () => {
  const down = head.getAttribute("aria-sort") !== "descending";
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = (body) => body.rows[0].cells[column].dataset.v;
  const order = (a, b) => (column < 3 ? value(a) - value(b) : value(a).localeCompare(value(b)));
  [...table.tBodies].sort((a, b) => (down ? -order(a, b) : order(a, b))).forEach((body) => table.append(body));
}));
