// The review desk by keyboard: one key a verdict, a number for its reason, as long as nobody is typing.
(() => {
  "use strict";

  const form = document.getElementById("review-form");
  const viewer = document.querySelector(".desk-viewer");
  const photoKeys = (viewer && viewer.deskKeys) || {};
  let typed = "";

  function toDoubt() {
    const fields = [...form.querySelectorAll(".doubtful input:not([type=hidden])")];
    const doubtful = fields.filter((field) => field === field.closest(".doubtful").querySelector("input"));
    const following = doubtful[doubtful.indexOf(document.activeElement) + 1] || doubtful[0];
    if (following) following.focus();
  }
  function leave() {
    document.activeElement.blur();
    if (viewer) viewer.focus({ preventScroll: true });
  }
  function press(button) {
    const choice = button.parentElement.querySelector("select");
    if (choice && !choice.value) { typed = ""; choice.focus(); } // the reason first
    else button.click();
  }

  // A number chooses the reason: a second digit follows at once for those from ten on.
  function chooseByNumber(choice, digit) {
    const known = (number) => number > 0 && number < choice.options.length;
    typed = known(Number(typed + digit)) ? typed + digit : digit;
    if (known(Number(typed))) choice.selectedIndex = Number(typed);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    const target = event.target;
    if (key === "escape" && target.matches("input, select, textarea")) { leave(); return; }
    if (target.matches(".desk-verdict .row select")) {
      const button = target.parentElement.querySelector("[data-key]");
      if (/^[0-9]$/.test(key)) { chooseByNumber(target, key); event.preventDefault(); }
      else if (key === "enter" || key === button.dataset.key) { event.preventDefault(); if (target.value) button.click(); }
      return;
    }
    if (target.matches("input, select, textarea")) return;
    if (photoKeys[key] && (!key.startsWith("arrow") || target === viewer || target === document.body)) {
      photoKeys[key]();
      event.preventDefault();
      return;
    }
    if (key === "f") { toDoubt(); event.preventDefault(); return; }
    const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    press(button);
  });

  // Enter in a figure goes to the next field instead of pressing the first verdict.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
    event.preventDefault();
    const fields = [...form.querySelectorAll("input:not([type=hidden]), select")];
    const following = fields[fields.indexOf(event.target) + 1];
    if (following) following.focus();
  });
})();
