#!/bin/sh
# Say which Chromium the browser tests will use; install one where that is possible, else say that they are skipped.
if [ -n "$SJT_CHROMIUM" ] && [ -x "$SJT_CHROMIUM" ]; then echo "Browser tests use $SJT_CHROMIUM"; exit 0; fi
for name in chromium-headless-shell chromium chromium-browser; do
    if command -v "$name" >/dev/null 2>&1; then echo "Browser tests use $(command -v "$name")"; exit 0; fi
done
if "$BIN/python" -c 'from playwright.sync_api import sync_playwright as s; import os, sys
with s() as p: sys.exit(not os.path.exists(p.chromium.executable_path))' >/dev/null 2>&1; then
    echo "Browser tests use Playwright's own Chromium"; exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests…"
    if apt-get update -qq >/dev/null 2>&1 && { apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; } >/dev/null 2>&1; then exit 0; fi
fi
echo "No Chromium here and none could be installed: browser tests will be skipped (set SJT_CHROMIUM to name one)."
