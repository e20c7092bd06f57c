// The review desk: turn, zoom and choose photographs; one key a verdict, as long as nobody is typing.
(() => {
  "use strict";

  const viewer = document.querySelector(".desk-viewer");
  const image = viewer && viewer.querySelector("img");
  let zoom = 0; // 0: fit to the width
  let turn = 0;

  function draw() {
    if (!image || !image.naturalWidth) return;
    const sideways = turn % 180 !== 0;
    const natural = sideways ? image.naturalHeight : image.naturalWidth;
    const scale = zoom || Math.min(1, (viewer.clientWidth - 20) / natural);
    const width = image.naturalWidth * scale;
    const height = image.naturalHeight * scale;
    image.style.width = `${width}px`;
    image.style.height = `${height}px`;
    const shift = sideways ? (width - height) / 2 : 0;
    image.style.margin = `${-shift}px ${shift}px`;
    image.style.transform = `rotate(${turn}deg)`;
    image.dataset.scale = scale;
  }
  function turnBy(degrees) { turn = (turn + degrees + 360) % 360; draw(); }
  function zoomBy(factor) { zoom = Math.min(6, Math.max(0.1, Number(image.dataset.scale) * factor)); draw(); }
  function fit() { zoom = 0; draw(); }

  if (image) {
    image.addEventListener("load", draw);
    if (image.complete) draw();
    image.addEventListener("click", () => zoomBy(1.5));
    document.addEventListener("click", (event) => {
      const button = event.target.closest(".desk-tools button");
      if (!button) return;
      if (button.dataset.turn) turnBy(Number(button.dataset.turn));
      if (button.dataset.zoom) zoomBy(Number(button.dataset.zoom));
      if ("fit" in button.dataset) fit();
      if (button.dataset.photo) {
        document.querySelectorAll("[data-photo]").forEach((other) => other.setAttribute("aria-pressed", other === button));
        turn = 0; zoom = 0;
        image.src = button.dataset.photo;
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input, select, textarea")) return;
    const keys = { q: () => turnBy(-90), e: () => turnBy(90), "+": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: fit };
    const key = event.key.toLowerCase();
    if (image && keys[key]) { keys[key](); event.preventDefault(); return; }
    const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    const choice = button.parentElement.querySelector("select");
    if (choice && !choice.value) choice.focus(); // the reason first
    else button.click();
  });

  // Enter in a figure goes to the next field instead of pressing the first verdict.
  const form = document.getElementById("review-form");
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
    event.preventDefault();
    const fields = [...form.querySelectorAll("input:not([type=hidden]), select")];
    const following = fields[fields.indexOf(event.target) + 1];
    if (following) following.focus();
  });
})();
