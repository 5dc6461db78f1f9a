"use strict";
for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    const key = (row) => {
      const cell = row.cells[head.cellIndex], value = cell.dataset.value;
      return value === undefined ? cell.textContent.trim().toLowerCase() : value === "" ? NaN : Number(value);
    };
    const order = (a, b) => {
      const [one, other] = [key(a), key(b)];
      if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) - Number.isNaN(other);
      return (one < other ? -1 : one > other ? 1 : 0) * (down ? -1 : 1);
    };
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort(order));
  });
}
