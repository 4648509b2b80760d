// Plays the buzzer's rhythms in the browser, from the same cue table. Browsers require one tap first.
(() => {
  'use strict'
  const RISE_S = 0.003, LEVEL = 0.15, SOFT_LEVEL = 0.04
  let context = null, cues = {}, playing = [], repeatTimer = 0, lastCueNumber = 0
  const sound = window.station_sound = { on: false, gainFactor: 1, setCues: table => { cues = table }, playCue, play, resumeAudio }

  async function resumeAudio() {
    context = context || new (window.AudioContext || window.webkitAudioContext)()
    await context.resume()
    return context.state === 'running'
  }
  function stopTones() {
    for (const tone of playing) { try { tone.stop() } catch { /* already ended */ } }
    playing = []
  }
  function stopRepeatingCue() {
    clearInterval(repeatTimer)
    repeatTimer = 0
    stopTones()
  }
  // tones: [Hz, from ms, to ms], …
  function play(tones, soft) {
    stopTones()
    const start = context.currentTime + 0.02, level = Math.min(1, (soft ? SOFT_LEVEL : LEVEL) * sound.gainFactor)
    for (const [hz, from, to] of tones) {
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
  function tonesOf(known, cue) {
    const variant = [cue.side, cue.count].find(one => one !== null && one !== undefined && known.variants[one])
    return variant === undefined ? known.tones : known.variants[variant]
  }
  function playCue(cue, first) {
    if (!cue) return
    if (repeatTimer && !cue.repeating) stopRepeatingCue()
    if (cue.number === lastCueNumber) return
    lastCueNumber = cue.number
    clearInterval(repeatTimer)
    repeatTimer = 0
    const known = cues[cue.name]
    if (first || !sound.on || !known) return
    const rhythm = tonesOf(known, cue)
    const once = () => {
      play(rhythm, known.soft)
      if (navigator.vibrate) navigator.vibrate(rhythm.flatMap(([, from, to], i) => [to - from, i + 1 < rhythm.length ? rhythm[i + 1][1] - to : 0]))
    }
    once()
    if (cue.repeating && known.every_ms) {
      let repeatsRemaining = known.times === null ? Infinity : known.times - 1
      repeatTimer = setInterval(() => { if (repeatsRemaining-- > 0) once(); else stopRepeatingCue() }, known.every_ms)
    }
  }

  const tap = document.getElementById('sound-toggle')
  if (tap) tap.addEventListener('click', async () => {
    if (sound.on) { sound.on = false; stopRepeatingCue() }
    else { try { sound.on = await resumeAudio() } catch { sound.on = false } }
    const states = sound.on ? ['sound on', navigator.vibrate ? 'vibration on' : 'no vibration here'] : ['sound off']
    document.getElementById('sound-state').textContent = states.join(', ')
    tap.textContent = sound.on ? 'Sound off' : 'Turn on sound and vibration'
    if (sound.on) play([[2200, 0, 40]])
  })
  for (const button of document.querySelectorAll('button[data-tones]')) {
    button.addEventListener('click', async () => { if (await resumeAudio()) play(JSON.parse(button.dataset.tones), 'soft' in button.dataset) })
  }
  document.documentElement.classList.add('js')
})()
