// The claim page: tell that a person is here, copy the code, count down to the next QR.
const form = document.getElementById("claim");
if (form) {
  const note = () => fetch(form.dataset.opened, { method: "POST", body: new FormData(form), keepalive: true }).catch(() => {});
  if (document.visibilityState === "visible") note();
  else document.addEventListener("visibilitychange", note, { once: true });
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).dataset.code);
    button.textContent = button.dataset.copied;
  });
});

setInterval(() => {
  document.querySelectorAll("[data-seconds]").forEach((place) => {
    place.hidden = false;
    place.dataset.seconds = Math.max(0, Number(place.dataset.seconds) - 1);
    place.querySelector("b").textContent = place.dataset.seconds;
  });
}, 1000);
