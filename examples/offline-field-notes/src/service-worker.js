// Keeps the page itself, so that it opens without a network. The notes are no business of this file:
// they are in the local copy of the SDK. What is in quotes here is put in by `precache.ts`.

const version = '__VERSION__';
const files = ['__FILES__'];
const prefix = 'field-notes-';
const kept = new Set(files.map((file) => new URL(file, self.registration.scope).href));

// All or nothing: a version is used only if every file of it is here.
self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(prefix + version).then((cache) =>
      // Past the browser's own cache, which may still have the version before.
      cache.addAll([...kept].map((url) => new Request(url, { cache: 'reload' }))),
    ),
  );
});

// Runs when no page of the version before is open, or when the user asked for the new one.
self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys().then(async (names) => {
      const old = names.filter((name) => name.startsWith(prefix) && name !== prefix + version);
      await Promise.all(old.map((name) => caches.delete(name)));
      // The page that registered this worker was loaded without it.
      await self.clients.claim();
    }),
  );
});

self.addEventListener('message', ({ data }) => {
  if (data === 'use the new version') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const url = new URL(request.url);
  url.search = '';
  url.hash = '';
  if (url.href === self.registration.scope) url.pathname += 'index.html';
  // Tokens, health, everything else: straight to the network.
  if (!kept.has(url.href)) return;
  event.respondWith(
    caches
      .open(prefix + version)
      .then((cache) => cache.match(url.href))
      // A user can empty the cache of a browser at any time.
      .then((answer) => answer ?? fetch(request)),
  );
});
