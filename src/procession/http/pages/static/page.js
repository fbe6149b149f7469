// What every page with scripts shares: the mark that scripts run, a voice for screen readers, requests with plain errors.

document.documentElement.classList.add("js");

/** Say something once, to the eye (where the page shows it) and to screen readers. */
export function say(text, seconds = 6) {
  const place = document.getElementById("said");
  if (!place) return;
  place.textContent = text;
  place.hidden = false;
  clearTimeout(say.timer);
  if (place.classList.contains("toast")) say.timer = setTimeout(() => (place.hidden = true), seconds * 1000);
}

export class Refused extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** JSON in, JSON out. Throws Refused with the server's own words; status 0 when nothing came back. */
export async function ask(address, { method = "GET", body, version } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, "The server cannot be reached.");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  if (answer.status === 401) location.reload();
  const problem = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || undefined;
  throw new Refused(answer.status, problem.detail || "The server could not do that.", wait);
}
