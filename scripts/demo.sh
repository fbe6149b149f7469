#!/usr/bin/env bash
# Analyses the bundled examples without a server and leaves page pictures with boxes in demo-output/.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf demo-output
.venv/bin/procession analyze examples/*.pdf --out demo-output --overlay
pictures=$(find demo-output -name '*.png' | wc -l)
cat <<END

$pictures page pictures with the fields found on them, and the results as JSON, are in demo-output/.

Next, the whole service on this machine:

    .venv/bin/procession up

Then open http://127.0.0.1:3000 and drop a PDF on the page.
END
