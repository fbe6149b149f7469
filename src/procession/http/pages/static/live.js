// Keeps one fragment of the page true to the server. A stream rings when something changed; polling is the net below it
// and carries progress, which is not worth an event. A hidden tab holds no connection.

const SPACING = 1000; // at most one request a second
const BUSY = 1500; // while something is running
const IDLE = 30000; // the stream rings; this only catches what it missed
const DEAF = 5000; // no stream

/** `target`: selector of an element with hx-get and hx-trigger="procession-changed". */
export function follow(target, { stream = "/v1/events", events = ["changed"], busy = () => false } = {}) {
  let source = null;
  let hearing = false;
  let timer = null;
  let last = 0;

  const element = () => document.querySelector(target);
  const pace = () => (busy(element()) ? BUSY : hearing ? IDLE : DEAF);

  function plan(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(refresh, milliseconds);
  }
  function refresh() {
    if (document.hidden || !element()) return;
    last = Date.now();
    htmx.trigger(element(), "procession-changed");
    plan(pace());
  }
  function soon() {
    plan(Math.max(0, last + SPACING - Date.now()));
  }
  function open() {
    source = new EventSource(stream);
    source.onopen = () => (hearing = true);
    source.onerror = () => {
      hearing = false;
      if (source.readyState === EventSource.CLOSED) source = null; // refused, or nothing more to come
      plan(Math.min(pace(), DEAF));
    };
    for (const name of events) source.addEventListener(name, soon);
  }
  function close() {
    source?.close();
    source = null;
    hearing = false;
  }
  document.addEventListener("visibilitychange", () => {
    close();
    if (document.hidden) return;
    open();
    soon();
  });
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail?.ctx?.response?.raw?.status === 401) location.reload(); // the session is over: sign in again
  });
  addEventListener("pagehide", close);
  if (!document.hidden) open();
  plan(pace());
  return soon;
}
