// Keep the candidate's display choices on the server, with the sitting: display.js has applied them already.
let waiting = null;

export function keepDisplay(url, csrf, told = () => {}) {
  const send = async (chosen, tries = 0) => {
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
        body: JSON.stringify(chosen),
        credentials: "same-origin",
        keepalive: true,
      });
      if (!answer.ok && answer.status >= 500) throw new Error(String(answer.status));
    } catch {
      if (tries < 20) waiting = setTimeout(() => send(chosen, tries + 1), 1000 * Math.min(15, 2 ** tries));
    }
  };
  document.addEventListener("display", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => send(event.detail), 250);
    told(event.detail);
  });
}
