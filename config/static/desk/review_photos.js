// The photographs of the review desk: turn, zoom, move by mouse, touch and keys; boxes and fields find each other.
(() => {
  "use strict";

  const viewer = document.querySelector(".desk-viewer");
  if (!viewer) return;
  const sheets = [...viewer.querySelectorAll(".desk-sheet")];
  let current = sheets[0];
  let zoom = 0; // 0: fit to the width
  let turn = 0;

  const scaleOf = () => Number(current.querySelector("img").dataset.scale) || 1;

  function draw() {
    const image = current.querySelector("img");
    const wide = image.naturalWidth || image.width;
    const high = image.naturalHeight || image.height;
    if (!wide) return;
    const sideways = turn % 180 !== 0;
    const scale = zoom || Math.min(1, (viewer.clientWidth - 20) / (sideways ? high : wide));
    const width = wide * scale;
    const height = high * scale;
    const shift = sideways ? (width - height) / 2 : 0;
    current.style.width = `${width}px`;
    current.style.height = `${height}px`;
    current.style.margin = `${-shift}px ${shift}px`;
    current.style.transform = `rotate(${turn}deg)`;
    image.dataset.scale = scale;
  }

  // Keeps what is under (x, y), measured within the viewer, where it is.
  function zoomTo(scale, x = viewer.clientWidth / 2, y = viewer.clientHeight / 2) {
    const before = scaleOf();
    const after = Math.min(6, Math.max(0.1, scale));
    const left = (viewer.scrollLeft + x) * (after / before) - x;
    const top = (viewer.scrollTop + y) * (after / before) - y;
    zoom = after;
    draw();
    viewer.scrollTo(left, top);
  }
  const zoomBy = (factor, x, y) => zoomTo(scaleOf() * factor, x, y);
  function turnBy(degrees) { turn = (turn + degrees + 360) % 360; draw(); }
  function fit() { zoom = 0; draw(); viewer.scrollTo(0, 0); }
  function show(number) {
    current = sheets[(number + sheets.length) % sheets.length];
    sheets.forEach((sheet) => { sheet.hidden = sheet !== current; });
    document.querySelectorAll("[data-show]").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.show === current.dataset.photo);
    });
    turn = 0;
    fit();
  }

  sheets.forEach((sheet) => {
    const image = sheet.querySelector("img");
    image.addEventListener("load", () => { if (sheet === current) draw(); });
    image.draggable = false;
  });
  viewer.classList.add("live");
  show(0);
  window.addEventListener("resize", draw);

  document.querySelector(".desk-tools").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.turn) turnBy(Number(button.dataset.turn));
    if (button.dataset.zoom) zoomBy(Number(button.dataset.zoom));
    if ("fit" in button.dataset) fit();
    if (button.dataset.show) show(Number(button.dataset.show));
  });

  // One finger or the mouse moves, two fingers zoom, the wheel with Ctrl zooms.
  const fingers = new Map();
  let gap = 0;
  let moved = 0;
  const distance = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  viewer.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
    if (fingers.size === 2) gap = distance();
  });
  window.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const dx = event.clientX - before.x;
    const dy = event.clientY - before.y;
    moved += Math.abs(dx) + Math.abs(dy);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) viewer.scrollBy(-dx, -dy);
    else if (fingers.size === 2 && gap) { const now = distance(); zoomBy(now / gap); gap = now; }
  });
  ["pointerup", "pointercancel"].forEach((kind) => {
    window.addEventListener(kind, (event) => { fingers.delete(event.pointerId); gap = 0; });
  });
  viewer.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const edge = viewer.getBoundingClientRect();
    zoomBy(event.deltaY < 0 ? 1.15 : 0.87, event.clientX - edge.left, event.clientY - edge.top);
  }, { passive: false });

  // A box leads to its field; a field lights its box up and brings it into sight.
  viewer.addEventListener("click", (event) => {
    const link = event.target.closest(".desk-box-link");
    if (!link) return;
    event.preventDefault();
    if (moved > 6 && event.detail) return; // the mouse moved the photo; Enter has no detail
    const field = document.getElementById(link.querySelector(".desk-box").dataset.field);
    if (field) { field.focus(); field.select?.(); }
  });
  viewer.addEventListener("dragstart", (event) => event.preventDefault());

  // Tab reaches one box of a photo, arrows the one above or below; without this script Tab reaches them all.
  const linksOf = (sheet) => [...sheet.querySelectorAll(".desk-box-link")];
  function reach(link) {
    linksOf(link.closest(".desk-sheet")).forEach((other) => other.setAttribute("tabindex", other === link ? "0" : "-1"));
  }
  sheets.forEach((sheet) => linksOf(sheet).slice(0, 1).forEach(reach));
  viewer.addEventListener("keydown", (event) => {
    const link = event.target.closest(".desk-box-link");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!link || !step) return;
    event.preventDefault();
    const links = linksOf(current);
    const following = links[links.indexOf(link) + step];
    if (following) { reach(following); following.focus({ preventScroll: true }); }
  });
  document.addEventListener("focusin", (event) => {
    const link = event.target.closest?.(".desk-box-link");
    const id = event.target.id?.replace(/^(id_lines-\d+)-.*$/, "$1-name");
    viewer.querySelectorAll(".desk-box.lit").forEach((box) => box.classList.remove("lit"));
    const named = id && viewer.querySelector(`.desk-box[data-field="${CSS.escape(id)}"]`);
    const box = link ? link.querySelector(".desk-box") : named;
    if (!box) return;
    box.classList.add("lit");
    const sheet = box.closest(".desk-sheet");
    if (sheet !== current) show(sheets.indexOf(sheet));
    const at = box.getBoundingClientRect();
    const edge = viewer.getBoundingClientRect();
    viewer.scrollBy(
      at.left + at.width / 2 - edge.left - edge.width / 2,
      at.top + at.height / 2 - edge.top - edge.height / 2,
    );
  });

  const move = (dx, dy) => () => viewer.scrollBy(dx, dy);
  viewer.deskKeys = {
    q: () => turnBy(-90), e: () => turnBy(90), "+": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: fit,
    p: () => show(sheets.indexOf(current) + 1),
    arrowleft: move(-60, 0), arrowright: move(60, 0), arrowup: move(0, -60), arrowdown: move(0, 60),
  };
})();
