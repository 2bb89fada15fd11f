"use strict";
// Gives each table a button that copies it; the page is whole without.
for (const table of document.querySelectorAll("table")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy table";
  button.addEventListener("click", () => {
    const selection = getSelection();
    const range = document.createRange();
    range.selectNodeContents(table);
    selection.removeAllRanges();
    selection.addRange(range);
    const copied = document.execCommand("copy");
    selection.removeAllRanges();
    button.textContent = copied ? "Copied" : "Select the table and copy it";
    setTimeout(() => { button.textContent = "Copy table"; }, 2000);
  });
  table.parentElement.after(button);
}
