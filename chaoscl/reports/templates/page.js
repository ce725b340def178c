"use strict";
// Sorting and filtering; without this script the page reads the same, in the command's order.
const POWERS = {
  k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
};

function number(text) {
  const found = /^([<+-]?)([\d,]+(?:\.\d+)?(?:e[+-]\d+)?)(?: (k|M|G|T|P|B|KiB|MiB|GiB|TiB)\b)?/.exec(text);
  if (!found) return null;
  const size = Number(found[2].replaceAll(",", "")) * (POWERS[found[3]] ?? 1);
  return found[1] === "-" ? -size : found[1] === "<" ? size * 0.999 : size;
}

// What is not defined stands last in either direction.
function compare(one, other, numeric, sign) {
  const [a, b] = numeric ? [number(one), number(other)] : [one, other];
  if (a === null || b === null) return (a === null) - (b === null);
  return sign * (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

function sort(header) {
  const body = header.closest("table").tBodies[0];
  const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const numeric = header.classList.contains("number");
  const cell = (row) => row.cells[header.cellIndex].textContent.trim();
  const rows = [...body.rows].sort((one, other) => compare(cell(one), cell(other), numeric, sign));
  for (const other of header.parentElement.cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  body.append(...rows);
}

function filter(sheet, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...sheet.querySelector("tbody").rows];
  for (const row of rows) {
    const content = [...row.cells].map((cell) => cell.textContent.toLowerCase()).join(" ");
    row.hidden = !words.every((word) => content.includes(word));
  }
  const left = rows.filter((row) => !row.hidden).length;
  sheet.querySelector("[role=status]").textContent = words.length ? `${left} of ${rows.length} rows` : "";
}

for (const header of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = header.textContent;
  button.addEventListener("click", () => sort(header));
  header.replaceChildren(button);
  header.setAttribute("aria-sort", "none");
}
for (const box of document.querySelectorAll(".filter")) {
  box.hidden = false;
  box.querySelector("input").addEventListener("input", (event) => filter(box.closest(".sheet"), event.target.value));
}
