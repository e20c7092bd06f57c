{% load static %}// Keeps the shell of the staff page for the time without a network. It keeps no answers: no code, no store, no session.
const SHELL = "{% url 'portal:staff-offline' %}";
const KEPT = [
  SHELL,
  "{% static 'portal/portal.css' %}",
  "{% static 'portal/knot.svg' %}",
  "{% static 'portal/page.js' %}",
  "{% static 'portal/queue.js' %}",
  "{% static 'portal/offline.js' %}",
  "{% static 'portal/staff.js' %}",
  "{% static 'portal/vendor/jsQR.js' %}",
];
const CACHE = "staff-shell";

self.addEventListener("install", (event) => {
  const requests = KEPT.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

async function tidy() {
  const cache = await caches.open(CACHE);
  const old = (await cache.keys()).filter((request) => !KEPT.includes(new URL(request.url).pathname));
  await Promise.all(old.map((request) => cache.delete(request)));
  await self.clients.claim();
}

self.addEventListener("activate", (event) => event.waitUntil(tidy()));

async function shellOr(request) {
  try {
    return await fetch(request);
  } catch {
    const kept = await caches.match(SHELL);
    // A press that did not reach us leads to the shell, so that going back and forth sends nothing again.
    return request.method === "GET" && kept ? kept : Response.redirect(SHELL, 303);
  }
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const path = new URL(request.url).pathname;
  if (request.mode === "navigate") event.respondWith(shellOr(request));
  else if (request.method === "GET" && KEPT.includes(path)) {
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreVary: true })));
  }
});
