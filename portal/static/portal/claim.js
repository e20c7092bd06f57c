// The claim page: tell that a person is here, copy the code, count down to the next QR.
const form = document.getElementById("claim");
if (form) {
  const note = () => fetch(form.dataset.opened, { method: "POST", body: new FormData(form), keepalive: true }).catch(() => {});
  if (document.visibilityState === "visible") note();
  else document.addEventListener("visibilitychange", note, { once: true });
}

// A postal code that is complete fills in what it tells, as its button does without scripts; what somebody has changed
// until the answer is there stays.
const postal = form && form.querySelector("[name=postal_code]");
if (postal) {
  const digits = () => postal.value.normalize("NFKC").replace(/\D/g, "");
  let told = digits();
  postal.addEventListener("input", async () => {
    const typed = digits();
    if (typed.length !== 7 || typed === told) return;
    told = typed;
    const body = new FormData(form);
    const asked = new FormData(form);
    body.set("fill", "1");
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
    if (!answer || !answer.ok || digits() !== typed) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["prefecture", "city", "street"]) {
      const found = page.querySelector(`[name=${name}]`);
      if (found && form.elements[name].value === asked.get(name)) form.elements[name].value = found.value;
    }
  });
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).dataset.code);
    button.textContent = button.dataset.copied;
  });
});

// The token for the till. Its seconds are the server's: only how many are left is told, and this clock counts them.
// A hidden tab asks for nothing. Without a connection the code stays until tills refuse it, and then says so.
let next = 0;
let end = 0;
let asked = 0;
const till = () => document.getElementById("instore");
const seconds = () => performance.now() / 1000;

function begin() {
  const place = till();
  if (!place || !place.dataset.left) return;
  next = seconds() + Number(place.dataset.left);
  end = seconds() + Number(place.dataset.good);
  asked = 0;
}

function count() {
  const place = till();
  if (!place || !place.dataset.left) return;
  const now = seconds();
  const hidden = document.visibilityState !== "visible";
  const figure = document.getElementById("countdown");
  figure.hidden = false;
  figure.querySelector("b").textContent = Math.max(0, Math.ceil(next - now));
  const isLate = now > next + 4;
  document.getElementById("weak").hidden = !isLate || now >= end;
  document.getElementById("stale").hidden = now < end;
  place.querySelector(".shown").classList.toggle("stale", now >= end);
  if (hidden || now < next || now < asked + 3 || !window.htmx) return;
  asked = now;
  window.htmx.trigger(place, "next");
}

if (till() && till().dataset.left) {
  begin();
  setInterval(count, 250);
  document.body.addEventListener("htmx:afterSwap", begin);
  document.addEventListener("visibilitychange", count);
}

const large = document.getElementById("fullscreen");
if (large) {
  const usual = large.textContent;
  large.hidden = false;
  large.addEventListener("click", () => {
    const on = document.getElementById("till").classList.toggle("large");
    large.setAttribute("aria-pressed", String(on));
    large.textContent = on ? large.dataset.smaller : usual;
    if (on && navigator.wakeLock) navigator.wakeLock.request("screen").catch(() => {});
  });
}

const bars = document.querySelector("[data-ends]");
if (bars) {
  const over = seconds() + Number(bars.dataset.ends);
  setInterval(() => {
    const left = Math.max(0, Math.ceil(over - seconds()));
    const figure = document.getElementById("ends");
    figure.hidden = left === 0;
    figure.querySelector("b").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    document.getElementById("ended").hidden = left > 0;
    bars.querySelector(".shown").classList.toggle("stale", left === 0);
  }, 250);
}

const TWO_DIGITS = { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" };
// The time on the page of a use goes on from the server's, in Japan wherever the phone is set.
document.querySelectorAll("[data-clock]").forEach((place) => {
  const began = seconds();
  const words = place.querySelector("b");
  const day = words.textContent.replace(/\d{2}:\d{2}:\d{2}$/, "");
  const mark = place.closest("[data-news]");
  setInterval(() => {
    mark.hidden = seconds() - began >= Number(mark.dataset.news); // an old use must not look like one of this minute
    const at = new Date((Number(place.dataset.clock) + seconds() - began) * 1000);
    words.textContent = day + at.toLocaleTimeString("ja-JP", { timeZone: "Asia/Tokyo", ...TWO_DIGITS });
  }, 250);
});
