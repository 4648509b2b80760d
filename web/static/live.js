// Keeps the live page up to date: renders the station's state, extrapolates in between, and shows when updates stop.
(() => {
  'use strict'
  const el = id => document.getElementById(id)
  const stage = el('stage'), units = stage.dataset.units
  const SILENT_AFTER_MS = Number(stage.dataset.silentAfterMs), DIM_MS = 120000, ANNOUNCE_INTERVAL_MS = 3000, HEEL_UP_MS = 2000, CUE_BADGE_MS = 1500, RECONNECT_MS = 2000, AWAKE_MS = 6000
  const SHAPES = { left: '\u25cf', right: '\u25c6' }
  document.documentElement.classList.add('js')

  // What this browser remembers, if it is allowed to.
  const memory = window.station_memory = {
    get(key) { try { return localStorage.getItem(key) } catch { return null } },
    set(key, value) { try { localStorage.setItem(key, value) } catch { /* storage is not allowed */ } }
  }
  let announcedBy = memory.get('announcer') || el('stage').dataset.voice || 'reader'   // this browser, else the person's profile
  const announcer = window.station_announcer = {
    is: who => who === announcedBy,
    choose(who) {
      announcedBy = who
      memory.set('announcer', who)
      if (el('announcer')) el('announcer').value = who
      document.dispatchEvent(new Event('announcer-chosen'))
    }
  }
  if (el('announcer')) {
    el('announcer').value = announcedBy
    el('announcer').addEventListener('change', event => announcer.choose(event.target.value))
  }

  let view = null        // the newest state
  let stateTime = 0         // this page's clock when the state's counted time was taken
  let receivedAt = performance.now(), ageMs = 0
  let source = null, lastCue = null, cues = {}, cueBadgeTimer = 0

  fetch('/api/v1/sounds').then(answer => answer.json()).then(list => {
    for (const cue of list.items) cues[cue.name] = cue
    if (window.station_sound) window.station_sound.setCues(cues)
  }).catch(() => {})

  // The stream.
  function open() {
    close()
    source = new EventSource('/events?units=' + units)
    source.addEventListener('state', event => {
      const message = JSON.parse(event.data)
      noteAge(message.age_us)
      view = message.view
      stateTime = receivedAt - ageMs
      render()
    })
    source.addEventListener('revoked', () => location.reload())
    source.addEventListener('heartbeat', event => noteAge(JSON.parse(event.data).age_us))
    source.onerror = () => { if (source && source.readyState === 2) setTimeout(open, RECONNECT_MS) }
  }
  function close() { if (source) source.close(); source = null }
  function noteAge(age) { receivedAt = performance.now(); ageMs = age / 1000 }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) open()
    else if (!window.station_sound || !window.station_sound.on) close()
  })
  addEventListener('pagehide', close)
  addEventListener('pageshow', event => { if (event.persisted) open() })

  // Rendering the state.
  const text = (id, words) => { const place = el(id); if (place.textContent !== words) place.textContent = words }
  function mark(side, shape) {
    const span = document.createElement('span')
    span.className = 'mark ' + side
    span.setAttribute('aria-hidden', 'true')
    span.textContent = shape
    return span
  }
  function replaceIfChanged(id, content, ...parts) {
    const place = el(id)
    if (place.dataset.key === content) return
    place.dataset.key = content
    place.replaceChildren(...parts)
  }

  function render() {
    stage.dataset.tone = view.tone
    stage.dataset.phase = view.phase
    stage.dataset.counting = view.counting || ''
    stage.toggleAttribute('data-active', view.is_active)
    stage.toggleAttribute('data-brief', view.brief !== null)
    const legs = view.side === 'both' ? ['left', 'right'] : view.side ? [view.side] : []
    replaceIfChanged('side', view.side || '', ...legs.map(side => mark(side, SHAPES[side])), view.side ? ' ' + view.side_word : '')
    const shape = document.createElement('span')
    shape.setAttribute('aria-hidden', 'true')
    shape.textContent = view.shape
    replaceIfChanged('word', view.word + view.shape, shape, ' ' + view.word)
    text('step-position', view.step_position)
    text('unit', view.unit)
    text('caption', view.caption)
    replaceIfChanged('results', JSON.stringify(view.results), ...view.results.map(row => {
      const p = document.createElement('p'), parts = ['name', 'number', 'unit'].map(part => {
        const place = document.createElement(part === 'number' ? 'b' : 'span')
        place.textContent = row[part]
        return place
      })
      p.className = row.side
      p.append(mark(row.side, row.shape), ...parts.flatMap(part => [' ', part]))
      return p
    }))
    el('live-picture').dataset.picture = view.picture || ''
    text('sentence', view.sentence)
    text('brief', view.brief || '')
    text('next', view.next || '')
    setVisible('toes', view.toe)
    text('toe', view.toe || '')
    text('target', view.target ? ', aim ' + view.target : '')
    const heels = view.heels.map(heel => {
      const span = document.createElement('span')
      span.append(mark(heel.side, heel.shape), ` ${heel.side} heel ${heel.state} `)
      return span
    })
    replaceIfChanged('heels', view.heels.map(heel => heel.side + heel.state).join(), ...heels)
    const listed = view.faults.filter(fault => fault.sentence !== view.sentence)
    replaceIfChanged('faults', JSON.stringify(listed), ...listed.map(fault => {
      const p = document.createElement('p'), b = document.createElement('b')
      p.className = 'error'
      b.textContent = fault.part + ':'
      p.append(b, ' ' + fault.sentence)
      return p
    }))
    renderExercise()
    showCueBadge()
    announceChange()
    renderNumber()
    document.dispatchEvent(new CustomEvent('live-view', { detail: view }))
  }

  function setVisible(id, there) { const place = el(id); if (place && place.hidden !== !there) place.hidden = !there }
  let wasActive = false   // the card appears once the session is over
  function showEndCard() {
    if (!el('end-card')) return
    if (wasActive && !view.is_active) fetch('/end-card').then(answer => answer.text()).then(part => { el('end-card').innerHTML = part }).catch(() => {})
    if (!wasActive && view.is_active) el('end-card').replaceChildren()
    wasActive = view.is_active
  }
  let adviceExercise = ''   // the exercise of the advice on screen; the next exercise clears it
  function renderExercise() {
    const asked = view.question, doing = view.exercise
    setVisible('question', asked)
    if (asked) {
      replaceIfChanged('choices', asked.choices.join(), ...asked.choices.map(([answer, label]) => {
        const button = document.createElement('button')
        Object.assign(button, { name: 'answer', value: answer, textContent: label })
        return button
      }))
      text('taps', asked.taps)
    }
    showEndCard()
    setVisible('undo', view.can_undo)
    setVisible('resume', view.can_resume)
    setVisible('board-lies', view.awaits_next)
    setVisible('pause', view.can_pause)
    setVisible('stop', view.is_active)
    setVisible('confirm', view.can_confirm)
    setVisible('steps', view.is_active)
    setVisible('go-on', view.can_go_on)
    setVisible('skip', view.skip)
    if (view.skip && el('skip')) text('skip', view.skip)
    setVisible('skip-exercise', view.can_skip_exercise)
    setVisible('choose-side', view.can_choose_side)
    setVisible('begin', !view.is_active)
    setVisible('note', view.note)
    text('note', view.note || '')
    const resumeForm = el('resume-form')
    setVisible('resume-form', view.resume && resumeForm && resumeForm.dataset.person === view.resume_person)
    if (view.resume && resumeForm) text('resume-button', view.resume)
    renderPicture(view.exercise_picture)
    if (doing && adviceExercise && adviceExercise !== doing.key) {
      el('answer').replaceChildren()
      adviceExercise = ''
    }
    if (el('pain-exercise')) el('pain-exercise').value = doing ? doing.key : ''
    for (const part of ['name', 'dose', 'verifies']) text('exercise-' + part, doing ? doing[part] : '')
    if (el('exercise-about')) text('exercise-about', doing ? `${doing.name}: ${doing.dose}. ${doing.verifies}` : '')
  }
  function renderPicture(exercise) {
    setVisible('exercise-info', exercise)
    if (!exercise) return
    const picture = el('exercise'), address = `/exercises/${exercise.key}.svg`
    if (picture.getAttribute('src') !== address) Object.assign(picture, { src: address, alt: 'Picture: ' + exercise.name })
  }

  function showCueBadge() {
    const cue = view.cue
    if (window.station_sound) window.station_sound.playCue(cue, lastCue === null)
    const number = cue ? cue.number : 0
    if (lastCue !== null && cue && number !== lastCue) {
      const known = cues[cue.name]
      if (known && known.word !== view.word && !(cue.name === 'HEEL_UP' && view.tone === 'alarm')) {
        const n = cue.count === null ? '' : ' ' + cue.count
        text('cue-badge', `${known.shape} ${known.word}${n}`)
        el('cue-badge').hidden = false
        clearTimeout(cueBadgeTimer)
        cueBadgeTimer = setTimeout(() => { el('cue-badge').hidden = true }, CUE_BADGE_MS)
      }
    }
    lastCue = number
  }

  // The number: extrapolated with this page's clock, corrected without jumping back.
  let countKey = '', shown = null, barValue = el('bar').value
  function renderNumber() {
    if (!view) return
    if (view.counting === null) {
      countKey = ''
      shown = null
      text('number', view.number)
      stage.dataset.digits = view.number.length
      bar(view.bar_share)
      if (stageIsHidden) renderMiniStage()
      return
    }
    const counted = Math.min(view.target_us, view.counted_us + view.rate * (performance.now() - stateTime) * 1000)
    let remainingS = Math.max(0, Math.ceil((view.target_us - counted) / 1e6 - 0.002))
    const thing = [view.counting, view.side, view.step, view.step_position, view.target_us].join()
    const backwards = thing === countKey && remainingS > shown && remainingS - shown < 2
    if (backwards) remainingS = shown
    if (remainingS !== shown || thing !== countKey) {
      if (thing === countKey) speakTime(remainingS)
      shown = remainingS
      countKey = thing
      text('number', String(remainingS))
      stage.dataset.digits = String(remainingS).length
    }
    bar(view.target_us ? counted / view.target_us : null)
    if (stageIsHidden) renderMiniStage()
  }
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')
  function bar(share) {
    el('bar').toggleAttribute('data-empty', share === null)
    const steps = reducedMotion.matches ? 20 : 500
    const value = share === null ? 0 : Math.round(share * steps) * (1000 / steps)
    if (value !== barValue) el('bar').value = barValue = value
  }
  function frame() {
    if (view && view.rate && view.counting !== null) renderNumber()
    requestAnimationFrame(frame)
  }

  // The stage as one line at the foot of the screen while it is scrolled out of sight.
  let stageIsHidden = false
  new IntersectionObserver(([entry]) => { stageIsHidden = !entry.isIntersecting; renderMiniStage() }).observe(stage)
  function renderMiniStage() {
    el('mini').hidden = !stageIsHidden || !view
    if (!stageIsHidden || !view) return
    const number = view.caption ? [el('number').textContent, view.unit] : []   // without a caption the stage hides it as well
    text('mini', [view.side === 'both' ? '\u25cf\u25c6' : SHAPES[view.side] || '', ...number, view.word].filter(Boolean).join(' '))
  }

  // Announcements: at most one in three seconds; the newest wins.
  let lastAnnouncedAt = 0, waiting = null, announceTimer = 0, lastWord = '', lastSentence = '', upTimer = 0, lastFaults = ''
  function queueAnnouncement(words) {
    waiting = words
    clearTimeout(announceTimer)
    announceTimer = setTimeout(() => {
      lastAnnouncedAt = performance.now()
      if (announcer.is('reader')) text('status', waiting)
      if (announcer.is('speech') && window.speechSynthesis) {
        speechSynthesis.cancel()
        speechSynthesis.speak(new SpeechSynthesisUtterance(waiting.toLowerCase()))
      }
    }, Math.max(0, lastAnnouncedAt + ANNOUNCE_INTERVAL_MS - performance.now()))
  }
  function announceChange() {
    const word = [view.word, view.side, view.phase].join()
    if (word !== lastWord && view.phase !== 'grace' && lastWord !== '') queueAnnouncement(view.sentence === lastSentence ? view.word : `${view.word}${view.word.endsWith('?') ? '' : '.'} ${view.sentence}`)
    if (word !== lastWord) {
      clearTimeout(upTimer)
      if (view.tone === 'alarm') upTimer = setTimeout(() => text('alert', 'Heel up. Put the heel down.'), HEEL_UP_MS)
      else if (!view.faults.length) text('alert', '')
    }
    lastWord = word
    lastSentence = view.sentence
    const faults = view.faults.map(fault => fault.sentence).join(' ')
    if (faults !== lastFaults) text('alert', faults)
    lastFaults = faults
  }
  function speakTime(remainingS) {
    const half = Math.round(view.target_us / 2e6)
    if (view.counting === 'hold' && (remainingS === 10 || remainingS === half)) queueAnnouncement(`${remainingS} seconds`)
  }

  // A notice when updates stop; dimmed after two minutes without activity.
  let lastActivityAt = performance.now()
  for (const kind of ['pointerdown', 'keydown', 'pointermove']) addEventListener(kind, () => { lastActivityAt = performance.now() })
  document.addEventListener('live-view', () => { if (view.activity !== 'idle') lastActivityAt = performance.now() })
  setInterval(() => {
    const silentForMs = Math.max(performance.now() - receivedAt, ageMs + performance.now() - receivedAt)
    const silent = silentForMs >= SILENT_AFTER_MS
    el('stale-notice').hidden = !silent
    if (silent) {
      const board = view && view.faults.some(fault => fault.part === 'board') ? '' : ' The board may still be running: listen to it.'
      text('stale-notice', `No update for ${Math.floor(silentForMs / 1000)}\u00a0s.${board}`)
      if (view && view.rate) view = { ...view, rate: 0, counted_us: view.counted_us + (performance.now() - stateTime) * 1000 }
    }
    stage.classList.toggle('dim', performance.now() - lastActivityAt > DIM_MS)
  }, 500)

  // Buttons that work without leaving the page.
  async function send(address, form, into) {
    try {
      const headers = { 'X-Stay-On-Page': '1' }
      const answer = await fetch(address, { method: 'POST', body: form, redirect: 'manual', headers })
      const goes = answer.headers.get('X-Redirect-To')
      if (goes) { location.href = goes; return }
      const reply = answer.status === 204 || answer.type === 'opaqueredirect' ? '' : await answer.text()
      const place = el(into || 'answer')
      if (into) el('pain-report').open = false
      if (into) adviceExercise = form.get('exercise') || ''
      if (answer.ok || !reply) { if (place && (into || reply)) place.innerHTML = reply; return }
      const page = new DOMParser().parseFromString(reply, 'text/html'), parts = page.querySelectorAll('.lead, .way-out')
      if (place) place.replaceChildren(...parts)
      else queueAnnouncement((parts[0] || page.body).textContent.trim())
    } catch { queueAnnouncement('Cannot reach the station.') }
  }
  el('answer-close').addEventListener('click', () => el('answer').replaceChildren())
  window.station_send = (address, fields) => send(address, new URLSearchParams(fields))
  document.addEventListener('submit', event => {
    const form = event.target
    if (!('fetch' in form.dataset)) return
    event.preventDefault()
    send(form.action, new URLSearchParams(new FormData(form, event.submitter)), form.dataset.target)
  })

  // A wall display shows its buttons for a while after a touch, mouse movement or key.
  let asleepTimer = 0
  function wake() {
    document.body.classList.add('awake')
    clearTimeout(asleepTimer)
    asleepTimer = setTimeout(() => document.body.classList.remove('awake'), AWAKE_MS)
  }
  if (document.body.classList.contains('kiosk')) for (const kind of ['pointerdown', 'pointermove', 'keydown']) addEventListener(kind, wake)

  open()
  requestAnimationFrame(frame)
})()
