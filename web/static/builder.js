// The builder of routines: what a button does is asked of the server and put into the page without leaving it, the sums
// are asked for while one types, and rows are dragged. Nothing is worked out here.
(() => {
  'use strict'
  const STILL_MS = 400
  const form = document.getElementById('builder'), said = document.getElementById('said')
  let waiting = 0, newest = 0
  document.documentElement.classList.add('scripts')

  const ask = async (address, data) => {
    const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(data) })
    if (!answer.ok) throw new Error(answer.statusText)
    return new DOMParser().parseFromString(await answer.text(), 'text/html')
  }
  const silent = () => { said.textContent = 'The station does not answer. What you typed is still here.' }

  const sums = async () => {
    const mine = ++newest
    try {
      const page = await ask(form.dataset.sums, new FormData(form))
      if (mine === newest) document.getElementById('sums').replaceChildren(...page.body.childNodes)
    } catch { silent() }
  }
  const ends = () => {
    for (const [word, end] of [['up', 'firstElementChild'], ['down', 'lastElementChild']]) {
      for (const button of form.querySelectorAll(`[value^="${word}-"]`)) {
        const row = button.closest('li')
        button.disabled = row.parentElement[end] === row
      }
    }
  }
  const arrange = () => {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    window.Sortable.create(form.querySelector('.rows-of'), {
      handle: '.grip', forceFallback: true, animation: calm ? 0 : 150, onEnd: () => { ends(); sums() }
    })
  }
  const focus = (word, number) => {
    const other = word === 'up' ? 'down' : 'up'
    for (const which of [`="${word}-${number}"`, `="${other}-${number}"`, `^="${word}-"`, '="add-test"']) {
      const button = form.querySelector(`button[value${which}]:not(:disabled)`)
      if (button) return button.focus({ preventScroll: word === 'add' })
    }
  }

  form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(sums, STILL_MS) })
  form.addEventListener('submit', async event => {
    const by = event.submitter
    if (!by || by.value === 'save') return
    event.preventDefault()
    clearTimeout(waiting)
    if (by.value === 'work') return sums()
    const mine = ++newest, data = new FormData(form)
    data.append('do', by.value)
    try {
      const page = await ask(location.href, data)
      if (mine !== newest) return
      const [word, number] = by.value.split('-')
      form.replaceChildren(...page.getElementById('builder').childNodes)
      said.textContent = page.getElementById('said').textContent
      arrange()
      focus(word, number)
    } catch { silent() }
  })
  arrange()
})()
