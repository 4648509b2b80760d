// Caches this browser's last Today and Progress, and shows them, marked, when the station does not answer. Always asks
// the station first, so nothing is stale while it answers.
'use strict'
const SHELL = 'shell', PAGES = 'pages'
const KEPT = ['/', '/progress']
const SHELL_FILES = ['/static/page.css', '/static/progress.css', '/static/forms.css', '/static/icon.svg', '/static/app.js']
const MAX_AGE_MS = 90 * 24 * 3600 * 1000   // a browser idle for longer is no longer let in
const SEEN_BY = 'X-Seen-By', NOBODY = 'nobody'

self.addEventListener('install', event => {
  event.waitUntil(caches.open(SHELL).then(cache => cache.addAll(SHELL_FILES)).then(() => self.skipWaiting()))
})
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', event => {
  const request = event.request, address = new URL(request.url)
  if (address.origin !== location.origin) return
  if (request.mode === 'navigate') event.respondWith(navigate(event, address.pathname))
  else if (request.method === 'GET' && address.pathname.startsWith('/static/')) event.respondWith(file(event))
})

async function file(event) {
  try {
    const answer = await fetch(event.request)
    if (answer.ok && SHELL_FILES.includes(new URL(event.request.url).pathname)) {
      const copy = answer.clone()
      event.waitUntil(caches.open(SHELL).then(cache => cache.put(event.request, copy)))
    }
    return answer
  } catch (error) {
    const kept = await caches.match(event.request, { cacheName: SHELL, ignoreSearch: true })
    if (kept) return kept
    throw error
  }
}

async function navigate(event, path) {
  let answer
  try {
    answer = await fetch(event.request)
  } catch {
    return event.request.method === 'GET' && KEPT.includes(path) ? lastSeen(path) : unreachable()
  }
  const copy = answer.clone()
  event.waitUntil(keep(event.request, path, copy))
  return answer
}

// A page of another person, or of a browser that is no longer let in, clears what was cached for the previous one.
async function keep(request, path, answer) {
  const by = answer.headers.get(SEEN_BY), cache = await caches.open(PAGES)
  const turnedAway = answer.type === 'opaqueredirect' ? KEPT.includes(path) : [401, 403].includes(answer.status)
  const former = await cache.match('/')  || await cache.match('/progress')
  if (turnedAway || by === NOBODY || (by && former && former.headers.get(SEEN_BY) !== by)) await caches.delete(PAGES)
  if (request.method === 'GET' && answer.ok && KEPT.includes(path) && by && by !== NOBODY) {
    await (await caches.open(PAGES)).put(path, answer)
  }
}

async function lastSeen(path) {
  const kept = await caches.match(path, { cacheName: PAGES })
  const at = kept && new Date(kept.headers.get('Date'))
  if (!kept || !(Date.now() - at < MAX_AGE_MS)) {
    await (await caches.open(PAGES)).delete(path)
    return unreachable()
  }
  const when = at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
  const note = `<p class="note offline" role="status"><b>Offline.</b> The station does not answer. This is what it showed on ${when}.</p>`
  const text = (await kept.text()).replace(/<main [^>]*>/, found => found + note)
  return new Response(text, { headers: kept.headers })
}

function unreachable() {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Offline · Slant board station</title><link rel="stylesheet" href="/static/page.css"></head>
<body class="reading"><main id="main"><h1>The station does not answer</h1>
<p>Nothing was changed. Is it switched on, and is this phone on the same Wi-Fi? The board works without this page.</p>
<p><a class="button" href="/">Today, as last seen</a> <a class="button" href="/progress">Progress, as last seen</a></p></main></body></html>`
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'; style-src 'self'" }
  return new Response(text, { status: 503, headers })
}
