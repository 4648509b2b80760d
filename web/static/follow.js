// Keeps a page up to date with the part of the state that it follows (`data-follows`): reloads its content when that
// changes.
(() => {
  'use strict'
  document.documentElement.classList.add('js')
  const POLL_MS = 2000, RECONNECT_MS = 2000
  const box = document.getElementById('followed')
  let newest = '', isLoading = false, isStale = false
  let isLeaving = false   // a form was sent: a reload must not interrupt its response, which sets a cookie

  async function load() {
    if (isLeaving) return
    if (isLoading) { isStale = true; return }
    isLoading = true
    try {
      const answer = await fetch(location.pathname)
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('followed'))
    } catch { /* the next change loads it */ }
    isLoading = false
    if (isStale) { isStale = false; load() }
  }

  function show(next) {
    if (isLeaving) return
    if (!next) { location.reload(); return }
    if (next.dataset.key !== box.dataset.key) {
      box.dataset.key = next.dataset.key
      box.toggleAttribute('data-poll', 'poll' in next.dataset)
      box.replaceChildren(...next.childNodes)
      const first = box.querySelector('[data-focus]')
      if (first) first.focus()
      return
    }
    const seconds = document.getElementById('seconds'), newSeconds = next.querySelector('#seconds')
    if (seconds && newSeconds) seconds.textContent = newSeconds.textContent
  }

  function open() {
    const source = new EventSource('/events')
    source.addEventListener('state', event => {
      const news = JSON.stringify(JSON.parse(event.data).view[box.dataset.follows])
      if (news !== newest) { newest = news; load() }
    })
    source.onerror = () => { if (source.readyState === 2) setTimeout(open, RECONNECT_MS) }
  }
  document.addEventListener('submit', () => { isLeaving = true })
  addEventListener('pageshow', () => { isLeaving = false })
  open()
  setInterval(() => { if ('poll' in box.dataset) load() }, POLL_MS)
})()
