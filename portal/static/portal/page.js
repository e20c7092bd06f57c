// Every page works without this file; it only marks that scripts run and helps hurried hands.
document.documentElement.classList.add("js");

// A second press of a slow button would do no harm, but it would worry people.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.dataset.sent) return;
  form.dataset.sent = "1";
  setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = true)), 0);
});

// The browser's "back" shows a page as it was left: with its buttons off.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => (button.disabled = false));
  });
});

const suspense = document.getElementById("suspense");
if (suspense) suspense.addEventListener("click", () => suspense.classList.add("skipped"));
