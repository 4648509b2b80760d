// The recorded voice: says what comes next, after the cue, quietly, or not at all. It never tells the time: cues do.
(() => {
  'use strict'
  const FOLDER = '/static/speech/', LOUD = 0.4, GAP_MS = 200, BETWEEN_S = 0.06, LATE_MS = 1500, OTHER_CUE_MS = 1500, FADE_S = 0.02
  const SPOKEN_IN = ['hold', 'reps', 'rest', 'test']
  const OF_PHASE = { wait: 'step-on', away: 'step-on', rest: 'rest', lifted: 'heel-down', paused: 'paused', done: 'well-done', result: 'well-done' }
  const BEGIN = ['prepare', 'side', 'wait'], OVER = ['done', 'result'], WORK = ['hold', 'reps', 'grace']
  const choice = document.getElementById('announcer')
  const wanted = () => choice && choice.value === 'recorded'
  let context = null, known = null, cues = {}, before = null, told = { exercise: '', side: '' }, cue = 0, freeAt = 0, turn = 0, playing = []
  const sounds = {}

  // What there is to say when the station's picture changes from `was` to `now`, as names of files.
  function phrases(was, now) {
    if (now.activity === 'idle') forget()
    if (!was || !SPOKEN_IN.includes(now.activity)) return []
    const exercise = now.exercise ? now.exercise.key : '', side = now.side || ''
    const changed = now.phase !== was.phase || now.activity !== was.activity
    const found = []
    if (now.phase === 'switch' && changed) {
      told.side = side
      return ['other-side', side].filter(Boolean)
    }
    if (BEGIN.includes(now.phase) && (exercise !== told.exercise || side !== told.side)) {
      if (exercise && exercise !== told.exercise) found.push(...(told.exercise ? ['next'] : []), 'exercise-' + exercise)
      if (side) found.push(side)
      told = { exercise, side }
      if (found.length) return found
    }
    if (changed && OF_PHASE[now.phase]) return OVER.includes(now.phase) && now.word !== 'DONE' ? [] : [OF_PHASE[now.phase]]
    if (now.activity === 'reps' && WORK.includes(now.phase) && !changed && Number(now.number) > Number(was.number)) return [now.number]
    return []
  }

  function forget() { told = { exercise: '', side: '' } }
  function length(one) {
    const table = cues[one.name]
    return table ? (table.variants[one.side] || table.variants[one.count] || table.edges).at(-1)[2] : 0
  }
  function hush() {
    turn += 1
    for (const [source, gain] of playing) {
      gain.gain.setTargetAtTime(0, context.currentTime, FADE_S / 3)
      try { source.stop(context.currentTime + FADE_S) } catch { /* it ended by itself */ }
    }
    playing = []
  }
  async function load(name) {
    if (!sounds[name]) {
      sounds[name] = fetch(`${FOLDER}${name}.mp3`).then(answer => answer.arrayBuffer()).then(bytes => context.decodeAudioData(bytes))
      sounds[name].catch(() => { delete sounds[name] })
    }
    return sounds[name]
  }
  async function say(names) {
    hush()
    const mine = turn, due = Math.max(performance.now(), freeAt)
    let parts
    try { parts = await Promise.all(names.map(load)) } catch { return }
    if (mine !== turn || context.state !== 'running' || performance.now() > due + LATE_MS) return
    let at = context.currentTime + Math.max(0, due - performance.now()) / 1000
    const begin = at
    for (const part of parts) {
      const source = context.createBufferSource(), gain = context.createGain()
      source.buffer = part
      gain.gain.value = LOUD
      source.connect(gain).connect(context.destination)
      source.start(at)
      at += part.duration + BETWEEN_S
      playing.push([source, gain])
    }
    setTimeout(() => {
      if (mine === turn) document.dispatchEvent(new CustomEvent('spoken', { detail: names }))
    }, (begin - context.currentTime) * 1000)
  }

  async function open() {
    if (!wanted()) { if (context) hush(); return }
    context = context || new (window.AudioContext || window.webkitAudioContext)()
    context.resume().catch(() => {})
    if (known) return
    known = []
    try {
      const [list, table] = await Promise.all([FOLDER + 'phrases.json', '/sounds.json'].map(address => fetch(address).then(answer => answer.json())))
      known = Object.keys(list)
      cues = Object.fromEntries(table.map(one => [one.name, one]))
      for (const name of known) await load(name)
    } catch { known = null }
  }

  document.addEventListener('picture', event => {
    const now = event.detail, number = now.cue ? now.cue.number : 0
    const found = phrases(before, now)
    const first = before === null
    before = { ...now }
    if (first) { cue = number; return }
    if (number !== cue) {
      if (context) hush()
      freeAt = performance.now() + GAP_MS + length(now.cue) + (number - cue - 1) * OTHER_CUE_MS
      cue = number
    }
    const there = found.filter(name => known && known.includes(name))
    if (wanted() && context && there.length) say(there)
  })
  if (choice) choice.addEventListener('change', open)
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, open)
  window.station_speech = { phrases, forget }
})()
