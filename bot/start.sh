#!/bin/sh
# A fresh volume belongs to root. Hand it to the bot's user, then become that user for good.
set -eu
data="${MOUNT_DATA:-/data}"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data"
  chown node:node "$data"
  exec setpriv --reuid=node --regid=node --clear-groups --no-new-privs "$0" "$@"
fi
exec node /app/bot/entry.ts
