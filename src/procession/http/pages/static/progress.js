// One running analysis: live progress, and on to the review when there is something to review.

import { confirmFirst } from "./confirm.js";
import { follow } from "./live.js";
import "./page.js";

const live = () => document.getElementById("live");
const running = new Set(["pending", "processing"]);

if (running.has(live().dataset.state)) {
  follow("#live", {
    stream: `/v1/analyses/${live().dataset.job}/events`,
    events: ["state", "progress", "result"],
    busy: () => running.has(live().dataset.state),
  });
  document.addEventListener("htmx:after:swap", () => {
    if (["requires_review", "completed"].includes(live().dataset.state)) location.reload();
  });
}
confirmFirst();
