/**
 * Says beside the request form what it would take, while it is filled in. Without it the form's button says the same. What was
 * quoted for other values is hidden: nobody confirms what they do not see.
 */
const form = document.querySelector('form[data-estimate]')
const told = document.getElementById('estimate')
const WAIT_MS = 300
let waiting
let asked

async function tell() {
  asked?.abort()
  asked = new AbortController()
  const fields = new URLSearchParams(new FormData(form))
  try {
    const answer = await fetch(`${form.dataset.estimate}?${fields}`, {
      signal: asked.signal,
      credentials: 'same-origin',
    })
    told.textContent = answer.status === 401 ? 'You are signed out.' : await answer.text()
  } catch (error) {
    if (error.name !== 'AbortError') told.textContent = ''
  }
}

form?.addEventListener('input', () => {
  const quoted = document.getElementById('quote')
  if (quoted !== null) quoted.hidden = true
  clearTimeout(waiting)
  waiting = setTimeout(tell, WAIT_MS)
})
