// Small helpers of the operators' pages: copy buttons, the fields of a condition's kind.
(() => {
  "use strict";

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.textContent;
    button.textContent = "✓";
    setTimeout(() => { button.textContent = before; }, 1200);
  });

  // Which fields belong to which kind of condition; the server keeps only these (campaigns/admin/rules.py).
  const FIELDS = {
    purchase: ["minimum_spend_jpy", "spend_counts", "minimum_quantity", "receipts_at_most", "receipt_once", "categories"],
    reference: ["list"],
    x_follow: ["account", "account_id"],
  };
  const ALL = Object.values(FIELDS).flat();

  function showFieldsOf(select) {
    const prefix = select.name.replace(/kind$/, "");
    const wanted = FIELDS[select.value] || [];
    for (const name of ALL) {
      const field = document.querySelector(`[name="${CSS.escape(prefix + name)}"]`);
      const row = field && (field.closest(`.field-${name}`) || field.closest(".form-field") || field.parentElement);
      if (row) row.style.display = wanted.includes(name) ? "" : "none";
    }
  }
  function refresh(root) {
    root.querySelectorAll('select[name*="rules-"][name$="-kind"]').forEach(showFieldsOf);
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches('select[name*="rules-"][name$="-kind"]')) showFieldsOf(event.target);
  });
  document.addEventListener("formset:added", (event) => refresh(event.target));
  document.addEventListener("DOMContentLoaded", () => refresh(document));

  // The theme marks no landmark: who cannot see the page jumps past the navigation by it.
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("main")?.setAttribute("role", "main");
  });
})();
