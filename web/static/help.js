// Answers as one types: the server is asked, and what it found is put into the page.
(() => {
  'use strict'
  const STILL_MS = 200
  const form = document.getElementById('search'), field = form.elements.q
  let waiting = 0, newest = 0
  const find = async () => {
    const mine = ++newest, address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`
    try {
      const answer = await fetch(address)
      if (mine !== newest || !answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
      document.getElementById('answers').replaceChildren(...page.getElementById('answers').childNodes)
      document.getElementById('count').textContent = page.getElementById('count').textContent
      history.replaceState(null, '', address)
    } catch { /* the search button still asks */ }
  }
  field.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(find, STILL_MS) })
})()
