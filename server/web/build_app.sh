#!/bin/bash
# build_app.sh APP WORK OUT.cc: builds the page from the sources in APP inside the folder WORK, so
# that the source tree stays clean and build trees do not meet, and embeds the result as OUT.cc.
set -euo pipefail

app=$1
work=$2
out=$3
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$work"
rm -rf "$work/src" "$work/public" "$work/dist"
cp -r "$app/src" "$app/public" "$work/"
cp "$app"/{index.html,package.json,package-lock.json,svelte.config.js,tsconfig.json,vite.config.ts,licenses.ts} \
  "$work/"

cd "$work"
# npm ci only when the locked packages changed: it takes most of the time.
if ! cmp -s package-lock.json node_modules/.tapiary-lock; then
  npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.tapiary-lock
fi
npm run --silent build -- --logLevel warn
node "$here/embed.mjs" dist "$out"
