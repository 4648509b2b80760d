// The buzzer's twin in the browser: the same rhythms, from the same table. One tap is needed, browsers want it so.
(() => {
  'use strict'
  const RISE_S = 0.003, LEVEL = 0.15, SOFT = 0.04
  let context = null, cues = {}, playing = [], again = 0, last = 0
  const sound = window.station_sound = { on: false, louder: 1, know: table => { cues = table }, hear, play, wake }

  async function wake() {
    context = context || new (window.AudioContext || window.webkitAudioContext)()
    await context.resume()
    return context.state === 'running'
  }
  function hush() {
    for (const tone of playing) { try { tone.stop() } catch { /* it ended by itself */ } }
    playing = []
  }
  function silence() {
    clearInterval(again)
    again = 0
    hush()
  }
  // edges: [Hz, from ms, to ms], …
  function play(edges, soft) {
    hush()
    const start = context.currentTime + 0.02, level = Math.min(1, (soft ? SOFT : LEVEL) * sound.louder)
    for (const [hz, from, to] of edges) {
      const tone = context.createOscillator(), gain = context.createGain()
      tone.type = 'square'
      tone.frequency.value = hz
      gain.gain.setValueAtTime(0, start + from / 1000)
      gain.gain.linearRampToValueAtTime(level, start + from / 1000 + RISE_S)
      gain.gain.setValueAtTime(level, start + to / 1000 - RISE_S)
      gain.gain.linearRampToValueAtTime(0, start + to / 1000)
      tone.connect(gain).connect(context.destination)
      tone.start(start + from / 1000)
      tone.stop(start + to / 1000)
      playing.push(tone)
    }
  }
  function edges(known, cue) {
    const variant = [cue.side, cue.count].find(one => one !== null && one !== undefined && known.variants[one])
    return variant === undefined ? known.edges : known.variants[variant]
  }
  function hear(cue, first) {
    if (!cue) return
    if (again && !cue.repeating) silence()
    if (cue.number === last) return
    last = cue.number
    clearInterval(again)
    again = 0
    const known = cues[cue.name]
    if (first || !sound.on || !known) return
    const rhythm = edges(known, cue)
    const once = () => {
      play(rhythm, known.soft)
      if (navigator.vibrate) navigator.vibrate(rhythm.flatMap(([, from, to], i) => [to - from, i + 1 < rhythm.length ? rhythm[i + 1][1] - to : 0]))
    }
    once()
    if (cue.repeating && known.every_ms) {
      let left = known.times === null ? Infinity : known.times - 1
      again = setInterval(() => { if (left-- > 0) once(); else silence() }, known.every_ms)
    }
  }

  const tap = document.getElementById('tap')
  if (tap) tap.addEventListener('click', async () => {
    if (sound.on) { sound.on = false; silence() }
    else { try { sound.on = await wake() } catch { sound.on = false } }
    const got = sound.on ? ['sound on', navigator.vibrate ? 'vibration on' : 'no vibration here'] : ['sound off']
    document.getElementById('tapped').textContent = got.join(', ')
    tap.textContent = sound.on ? 'Sound off' : 'Tap once: sound, vibration'
    if (sound.on) play([[2200, 0, 40]])
  })
  for (const button of document.querySelectorAll('button[data-edges]')) {
    button.addEventListener('click', async () => { if (await wake()) play(JSON.parse(button.dataset.edges), 'soft' in button.dataset) })
  }
  document.documentElement.classList.add('scripts')
})()
