// A reload while the line is down shows the test again: the page of the sitting and what it is made of are kept until the
// receipt. The network always goes first, so nobody sees an old page while the server answers.
const SHELF = "sitting-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function fresh(request, keep) {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && !answer.redirected && keep) await shelf.put(request.url.split("#")[0], answer.clone());
    return answer;
  } catch (error) {
    const kept = await shelf.match(request.url.split("#")[0]);
    if (kept) return kept;
    throw error;
  }
}

async function shelved(request) {
  const shelf = await caches.open(SHELF);
  const kept = await shelf.match(request.url);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await shelf.put(request.url, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname.endsWith("/test")) event.respondWith(fresh(request, true));
  else if (url.pathname.startsWith("/static/")) event.respondWith(url.pathname.startsWith("/static/v-") ? shelved(request) : fresh(request, true));
});
