// The recorded voice: announces what comes next, quietly, after the cue or not at all. Never announces times: cues do.
(() => {
  'use strict'
  const FOLDER = '/static/speech/', GAIN = 0.4, GAP_MS = 200, BETWEEN_S = 0.06, LATE_MS = 1500, OTHER_CUE_MS = 1500, FADE_S = 0.02
  const SPOKEN_IN = ['hold', 'reps', 'rest', 'test']
  const PHRASE_OF_PHASE = { wait: 'step-on', away: 'step-on', rest: 'rest', lifted: 'heel-down', paused: 'paused', done: 'well-done', result: 'well-done' }
  const START_PHASES = ['prepare', 'side', 'wait'], ENDED_PHASES = ['done', 'result'], WORKING_PHASES = ['hold', 'reps', 'grace']
  const isRecordedVoice = () => window.station_announcer.is('recorded')
  let context = null, listed = null, phraseNames = null, cues = {}, previous = null, spoken = { exercise: '', side: '' }, cue = 0, freeAt = 0, generation = 0, playing = []
  const sounds = {}

  // The phrases to speak when the live view changes from `was` to `view`, as file names.
  function phrases(was, view) {
    if (view.activity === 'idle') resetSpoken()
    if (!was || !SPOKEN_IN.includes(view.activity)) return []
    const exercise = view.exercise ? view.exercise.key : '', side = view.side || ''
    const changed = view.phase !== was.phase || view.activity !== was.activity
    const found = []
    if (view.phase === 'switch' && changed) {
      spoken.side = side
      return ['other-side', side].filter(Boolean)
    }
    if (view.activity === 'rest' && changed && view.next_exercise && view.next_exercise !== spoken.exercise) {
      spoken = { exercise: view.next_exercise, side: '' }
      return ['rest', 'next', 'exercise-' + view.next_exercise]
    }
    if (START_PHASES.includes(view.phase) && (exercise !== spoken.exercise || side !== spoken.side)) {
      if (exercise && exercise !== spoken.exercise) found.push(...(spoken.exercise ? ['next'] : []), 'exercise-' + exercise)
      if (side) found.push(side)
      spoken = { exercise, side }
      if (found.length) return found
    }
    if (changed && PHRASE_OF_PHASE[view.phase]) return ENDED_PHASES.includes(view.phase) && view.word !== 'DONE' ? [] : [PHRASE_OF_PHASE[view.phase]]
    if (view.activity === 'reps' && WORKING_PHASES.includes(view.phase) && !changed && Number(view.number) > Number(was.number)) return [view.number]
    return []
  }

  function resetSpoken() { spoken = { exercise: '', side: '' } }
  function cueLengthMs(one) {
    const table = one && cues[one.name]   // after a restart the station has not played one yet
    return table ? (table.variants[one.side] || table.variants[one.count] || table.tones).at(-1)[2] : 0
  }
  function stopSpeaking() {
    generation += 1
    for (const [source, gain] of playing) {
      gain.gain.setTargetAtTime(0, context.currentTime, FADE_S / 3)
      try { source.stop(context.currentTime + FADE_S) } catch { /* already ended */ }
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
  async function speak(names) {
    stopSpeaking()
    const mine = generation, due = Math.max(performance.now(), freeAt)
    let parts
    try { parts = await Promise.all(names.map(load)) } catch { return }
    if (mine !== generation || context.state !== 'running' || performance.now() > due + LATE_MS) return
    let at = context.currentTime + Math.max(0, due - performance.now()) / 1000
    const begin = at
    for (const part of parts) {
      const source = context.createBufferSource(), gain = context.createGain()
      source.buffer = part
      gain.gain.value = GAIN
      source.connect(gain).connect(context.destination)
      source.start(at)
      at += part.duration + BETWEEN_S
      playing.push([source, gain])
    }
    setTimeout(() => {
      if (mine === generation) document.dispatchEvent(new CustomEvent('spoken', { detail: names }))
    }, (begin - context.currentTime) * 1000)
  }

  function speakAvailable(names) {
    const available = names.filter(name => phraseNames && phraseNames.includes(name))
    if (isRecordedVoice() && context && available.length) speak(available)
  }

  // Resolves when the list of phrases has loaded; their sounds load one by one.
  async function loadPhrases() {
    if (!isRecordedVoice()) { if (context) stopSpeaking(); return }
    context = context || new (window.AudioContext || window.webkitAudioContext)()
    context.resume().catch(() => {})
    listed = listed || list().catch(() => { listed = null })
    await listed
  }
  async function list() {
    const [names, table] = await Promise.all([FOLDER + 'phrases.json', '/api/v1/sounds'].map(address => fetch(address).then(answer => answer.json())))
    cues = Object.fromEntries(table.items.map(one => [one.name, one]))
    phraseNames = Object.keys(names)
    loadSounds()
  }
  async function loadSounds() { for (const name of phraseNames) await load(name).catch(() => {}) }

  document.addEventListener('live-view', event => {
    const view = event.detail, number = view.cue ? view.cue.number : 0
    const found = phrases(previous, view)
    const first = previous === null
    previous = { ...view }
    if (first) { cue = number; showOffer(view); return }
    if (number !== cue) {
      if (context) stopSpeaking()
      freeAt = performance.now() + GAP_MS + cueLengthMs(view.cue) + (number - cue - 1) * OTHER_CUE_MS
      cue = number
    }
    showOffer(view)
    speakAvailable(found)
  })

  // Offered once in each browser: before the first clock runs, or never.
  const offer = document.getElementById('voice-offer'), FIRST_PHASES = ['lay', 'wait', 'prepare']
  let isOffered = !window.station_memory.get('voice-offered') && !document.getElementById('stage').dataset.voice
  function endOffer() {
    isOffered = false
    offer.hidden = true
    window.station_memory.set('voice-offered', 'yes')
  }
  function showOffer(view) {
    if (!isOffered) return
    if (!offer.hidden && view.tone === 'work') endOffer()
    else offer.hidden = !view.is_active || !FIRST_PHASES.includes(view.phase) || isRecordedVoice()
  }
  async function turnOn() {
    endOffer()
    window.station_announcer.choose('recorded')
    await loadPhrases()
    resetSpoken()
    if (previous) speakAvailable(phrases({ ...previous, phase: '' }, previous))
  }
  document.getElementById('voice-on').addEventListener('click', turnOn)
  document.getElementById('voice-off').addEventListener('click', endOffer)

  document.addEventListener('announcer-chosen', loadPhrases)
  if (isRecordedVoice()) loadPhrases()
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, loadPhrases)
  window.station_speech = { phrases, resetSpoken }
})()
