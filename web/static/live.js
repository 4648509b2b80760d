// Keeps the live page true: draws what the station says, counts on by itself in between, and says when it hears nothing.
(() => {
  'use strict'
  const el = id => document.getElementById(id)
  const stage = el('stage'), units = stage.dataset.units
  const SILENT_MS = 4000, DIM_MS = 120000, SAY_GAP_MS = 3000, HEEL_UP_MS = 2000, TWIN_MS = 1500, AGAIN_MS = 2000
  const SHAPES = { left: '\u25cf', right: '\u25c6' }
  document.documentElement.classList.add('scripts')

  let now = null        // the newest state
  let since = 0         // this page's clock at the moment that the state's counted time is true for
  let heard = performance.now(), ageMs = 0
  let source = null, lastCue = null, cues = {}, twinTimer = 0

  fetch('/sounds.json').then(answer => answer.json()).then(list => {
    for (const cue of list) cues[cue.name] = cue
    if (window.station_sound) window.station_sound.know(cues)
  }).catch(() => {})

  // ---- the stream -------------------------------------------------------------------------------------------------
  function open() {
    close()
    source = new EventSource('/events?units=' + units)
    source.addEventListener('state', event => {
      const message = JSON.parse(event.data)
      hear(message.age_us)
      now = message.now
      since = heard - ageMs
      show()
    })
    source.addEventListener('beat', event => hear(JSON.parse(event.data).age_us))
    source.onerror = () => { if (source && source.readyState === 2) setTimeout(open, AGAIN_MS) }
  }
  function close() { if (source) source.close(); source = null }
  function hear(age) { heard = performance.now(); ageMs = age / 1000 }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) open()
    else if (!window.station_sound || !window.station_sound.on) close()
  })
  addEventListener('pagehide', close)
  addEventListener('pageshow', event => { if (event.persisted) open() })

  // ---- what the station said --------------------------------------------------------------------------------------
  const text = (id, words) => { const place = el(id); if (place.textContent !== words) place.textContent = words }
  function mark(side, shape) {
    const span = document.createElement('span')
    span.className = 'mark ' + side
    span.setAttribute('aria-hidden', 'true')
    span.textContent = shape
    return span
  }
  function marked(id, key, ...parts) {
    const place = el(id)
    if (place.dataset.key === key) return
    place.dataset.key = key
    place.replaceChildren(...parts)
  }

  function show() {
    stage.dataset.tone = now.tone
    stage.dataset.phase = now.phase
    stage.dataset.counting = now.counting || ''
    const legs = now.side === 'both' ? ['left', 'right'] : now.side ? [now.side] : []
    marked('side', now.side || '', ...legs.map(side => mark(side, SHAPES[side])), now.side ? ' ' + now.side_word : '')
    const shape = document.createElement('span')
    shape.setAttribute('aria-hidden', 'true')
    shape.textContent = now.shape
    marked('word', now.word + now.shape, shape, ' ' + now.word)
    text('where', now.where)
    text('unit', now.unit)
    text('sentence', now.sentence)
    text('next', now.next || '')
    text('toe', now.toe)
    text('target', now.target ? ', aim ' + now.target : '')
    const heels = now.heels.map(heel => {
      const span = document.createElement('span')
      span.append(mark(heel.side, heel.shape), ` ${heel.side} heel ${heel.state} `)
      return span
    })
    marked('heels', now.heels.map(heel => heel.side + heel.state).join(), ...heels)
    marked('troubles', JSON.stringify(now.troubles), ...now.troubles.map(trouble => {
      const p = document.createElement('p'), b = document.createElement('b')
      p.className = 'trouble'
      b.textContent = trouble.part + ':'
      p.append(b, ' ' + trouble.sentence)
      return p
    }))
    const confirm = el('confirm')
    if (confirm) confirm.classList.toggle('first', now.can_confirm)
    guide()
    twin()
    announce()
    count()
    document.dispatchEvent(new CustomEvent('picture', { detail: now }))
  }

  function shown_if(id, there) { const place = el(id); if (place && place.hidden !== !there) place.hidden = !there }
  let saidAbout = ''   // the exercise that the advice on the page is about: it is over with the next one
  function guide() {
    const asked = now.question, doing = now.exercise
    shown_if('question', asked)
    if (asked) {
      marked('choices', asked.choices.join(), ...asked.choices.map(([answer, label]) => {
        const button = document.createElement('button')
        Object.assign(button, { name: 'answer', value: answer, textContent: label })
        return button
      }))
      text('taps', asked.taps)
    }
    shown_if('undo', now.undo)
    shown_if('note', now.note)
    text('note', now.note || '')
    shown_if('rest', now.rest)
    if (now.rest && el('rest')) text('rest-said', now.rest)
    shown_if('doing', doing)
    if (doing && saidAbout && saidAbout !== doing.key) {
      el('answer').replaceChildren()
      saidAbout = ''
    }
    if (el('about')) el('about').value = doing ? doing.key : ''
    if (!doing) return
    const picture = el('exercise'), address = `/exercises/${doing.key}.svg`
    if (picture.getAttribute('src') !== address) Object.assign(picture, { src: address, alt: 'Picture: ' + doing.said })
    for (const part of ['name', 'dose', 'verifies']) text('exercise-' + part, doing[part])
  }

  function twin() {
    const cue = now.cue
    if (window.station_sound) window.station_sound.hear(cue, lastCue === null)
    const number = cue ? cue.number : 0
    if (lastCue !== null && cue && number !== lastCue) {
      const known = cues[cue.name]
      if (known && known.word !== now.word) {
        const n = cue.count === null ? '' : ' ' + cue.count
        text('twin', `${known.shape} ${known.word}${n}`)
        el('twin').hidden = false
        clearTimeout(twinTimer)
        twinTimer = setTimeout(() => { el('twin').hidden = true }, TWIN_MS)
      }
    }
    lastCue = number
  }

  // ---- the number: counted on by this page's clock, corrected without jumping backwards ---------------------------
  let key = '', shown = null, full = 0
  function count() {
    if (!now) return
    if (now.counting === null) {
      key = ''
      shown = null
      text('number', now.number)
      stage.dataset.digits = now.number.length
      bar(now.share)
      if (away) mini()
      return
    }
    const counted = Math.min(now.target_us, now.counted_us + now.rate * (performance.now() - since) * 1000)
    let left = Math.max(0, Math.ceil((now.target_us - counted) / 1e6 - 0.002))
    const thing = [now.counting, now.side, now.step, now.where, now.target_us].join()
    const backwards = thing === key && left > shown && left - shown < 2
    if (backwards) left = shown
    if (left !== shown || thing !== key) {
      if (thing === key) speakTime(left)
      shown = left
      key = thing
      text('number', String(left))
      stage.dataset.digits = String(left).length
    }
    bar(now.target_us ? counted / now.target_us : null)
    if (away) mini()
  }
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  function bar(share) {
    const steps = calm.matches ? 20 : 500
    const value = share === null ? 0 : Math.round(share * steps) * (1000 / steps)
    if (value !== full) el('bar').value = full = value
  }
  function frame() {
    if (now && now.rate && now.counting !== null) count()
    requestAnimationFrame(frame)
  }

  // ---- the same in one line at the foot of the screen, while the stage is scrolled out of sight --------------------
  let away = false
  new IntersectionObserver(([entry]) => { away = !entry.isIntersecting; mini() }).observe(stage)
  function mini() {
    el('mini').hidden = !away || !now
    if (away && now) text('mini', [now.side_shape, el('number').textContent, now.unit, now.word].join(' '))
  }

  // ---- for ears: one announcement in three seconds at most, the newest wins ---------------------------------------
  let said = 0, waiting = null, sayTimer = 0, lastWord = '', lastSentence = '', upTimer = 0, alarmed = ''
  const announcer = () => el('announcer') ? el('announcer').value : 'reader'
  function say(words) {
    waiting = words
    clearTimeout(sayTimer)
    sayTimer = setTimeout(() => {
      said = performance.now()
      if (announcer() === 'reader') text('status', waiting)
      if (announcer() === 'speech' && window.speechSynthesis) {
        speechSynthesis.cancel()
        speechSynthesis.speak(new SpeechSynthesisUtterance(waiting.toLowerCase()))
      }
    }, Math.max(0, said + SAY_GAP_MS - performance.now()))
  }
  function announce() {
    const word = [now.word, now.side, now.phase].join()
    if (word !== lastWord && now.phase !== 'grace' && lastWord !== '') say(now.sentence === lastSentence ? now.word : `${now.word}${now.word.endsWith('?') ? '' : '.'} ${now.sentence}`)
    if (word !== lastWord) {
      clearTimeout(upTimer)
      if (now.tone === 'alarm') upTimer = setTimeout(() => text('alert', 'Heel up. Put the heel down.'), HEEL_UP_MS)
      else if (!now.troubles.length) text('alert', '')
    }
    lastWord = word
    lastSentence = now.sentence
    const troubles = now.troubles.map(trouble => trouble.sentence).join(' ')
    if (troubles !== alarmed) text('alert', troubles)
    alarmed = troubles
  }
  function speakTime(left) {
    const half = Math.round(now.target_us / 2e6)
    if (now.counting === 'hold' && (left === 10 || left === half)) say(`${left} seconds`)
  }

  // ---- honest when the station is silent; dark after two minutes of nothing ---------------------------------------
  let touched = performance.now()
  for (const kind of ['pointerdown', 'keydown', 'pointermove']) addEventListener(kind, () => { touched = performance.now() })
  document.addEventListener('picture', () => { if (now.activity !== 'idle') touched = performance.now() })
  setInterval(() => {
    const quiet = Math.max(performance.now() - heard, ageMs + performance.now() - heard)
    const silent = quiet >= SILENT_MS
    el('news').hidden = !silent
    if (silent) {
      text('news', `No news for ${Math.floor(quiet / 1000)} s. The board goes on; listen to it.`)
      if (now && now.rate) now = { ...now, rate: 0, counted_us: now.counted_us + (performance.now() - since) * 1000 }
    }
    stage.classList.toggle('dim', performance.now() - touched > DIM_MS)
  }, 500)

  // ---- buttons, without leaving the page --------------------------------------------------------------------------
  async function send(address, form, into) {
    try {
      const headers = { 'X-Stays': '1' }
      const answer = await fetch(address, { method: 'POST', body: form, redirect: 'manual', headers })
      const goes = answer.headers.get('X-Goes')
      if (goes) { location.href = goes; return }
      const said = answer.status === 204 || answer.type === 'opaqueredirect' ? '' : await answer.text()
      const place = el(into || 'answer')
      if (into) saidAbout = form.get('about') || ''
      if (answer.ok || !said) { if (place && (into || said)) place.innerHTML = said; return }
      const page = new DOMParser().parseFromString(said, 'text/html'), parts = page.querySelectorAll('.lead, .way')
      if (place) place.replaceChildren(...parts)
      else say((parts[0] || page.body).textContent.trim())
    } catch { say('The station cannot be reached.') }
  }
  window.station_send = (address, fields) => send(address, new URLSearchParams(fields))
  document.addEventListener('submit', event => {
    const form = event.target
    if (!('quiet' in form.dataset)) return
    event.preventDefault()
    send(form.action, new URLSearchParams(new FormData(form, event.submitter)), form.dataset.into)
  })

  const choice = el('announcer')
  if (choice) {
    try { choice.value = localStorage.getItem('announcer') || 'reader' } catch { /* not allowed to remember */ }
    choice.addEventListener('change', () => {
      try { localStorage.setItem('announcer', choice.value) } catch { /* not allowed to remember */ }
    })
  }

  open()
  requestAnimationFrame(frame)
})()
