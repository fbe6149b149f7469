// The queue's figures, kept fresh.

import { follow } from "./live.js";
import "./page.js";

follow("#queue", { busy: () => true });
