#!/bin/sh
# Gives a bot a root folder of its own and becomes the bot. Runs inside a mount namespace that
# `unshare` made for it (room.ts); the process keeps its number all the way to the bot.
#
#   room.sh NEWROOT UID GID [ro SOURCE TARGET | rw PATH]… -- COMMAND…
#
# What is not named here is not there: no data folder of the platform, no home folder, no source tree.
# Started as root it hands what the bot may write to UID and becomes UID; otherwise UID is who we are
# already, and the bot gets a user namespace below ours, so that it holds no power over these mounts.
set -eu
bot_path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
room=$1 uid=$2 gid=$3
shift 3

mount -t tmpfs -o mode=755,size=16m,nosuid room "$room"

# Without what the source is already bound with (nosuid and its like) a user namespace may not set it read-only.
read_only() {
  flags=$(findmnt -n -o VFS-OPTIONS --mountpoint "$1" | tail -n 1 | sed 's/^rw/ro/')
  mount -o "remount,bind,${flags:-ro}" "$1"
}

bind() {
  if [ -d "$1" ]; then mkdir -p "$room$2"; else mkdir -p "$(dirname "$room$2")" && : >"$room$2"; fi
  mount --bind "$1" "$room$2"
}

for folder in /usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt; do
  if [ -L "$folder" ]; then ln -s "$(readlink "$folder")" "$room$folder"
  elif [ -d "$folder" ]; then bind "$folder" "$folder" && read_only "$room$folder"; fi
done
# Where names are looked up, if that is not a file of /etc itself.
names=$(readlink -f /etc/resolv.conf || true)
case $names in /run/*) [ ! -f "$names" ] || bind "$names" "$names" ;; esac

mkdir "$room/proc" "$room/dev" "$room/tmp" "$room/var" "$room/.host"
mount --rbind /proc "$room/proc"
for device in null zero full random urandom tty; do bind "/dev/$device" "/dev/$device"; done
for folder in /dev/shm /tmp /var/tmp; do
  mkdir -p "$room$folder"
  mount -t tmpfs -o mode=1777,size=512m,nosuid,nodev room "$room$folder"
done
mkdir "$room/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$room/dev/pts"
ln -s pts/ptmx "$room/dev/ptmx"
ln -s /proc/self/fd "$room/dev/fd"
ln -s /proc/self/fd/0 "$room/dev/stdin"
ln -s /proc/self/fd/1 "$room/dev/stdout"
ln -s /proc/self/fd/2 "$room/dev/stderr"

while [ "$1" != -- ]; do
  case $1 in
    ro)
      bind "$2" "$3"
      read_only "$room$3"
      shift 3
      ;;
    rw)
      bind "$2" "$2"
      [ "$MOLT_ROOM" = user ] || chown -RhP "$uid:$gid" "$room$2"
      shift 2
      ;;
  esac
done
shift

if [ "$MOLT_ROOM" = root ]; then
  # Programs ask who they are by number; without this line the answer is an error.
  { cat /etc/passwd; echo "bot:x:$uid:$gid:bot:/tmp:/bin/sh"; } >"$room/.passwd"
  mount --bind "$room/.passwd" "$room/etc/passwd"
  rm "$room/.passwd"
fi

here=$(pwd)
cd "$room"
pivot_root . .host
umount -l /.host
rmdir /.host
mount -o remount,bind,ro,nosuid,nodev /
cd "$here"

kind=$MOLT_ROOM
unset MOLT_ROOM
setpriv=$(command -v setpriv) unshare=$(command -v unshare)
PATH=$bot_path
if [ "$kind" = root ]; then
  exec "$setpriv" --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --inh-caps=-all \
    --bounding-set=-all -- "$@"
fi
exec "$unshare" --user --map-user="$uid" --map-group="$gid" -- "$setpriv" --no-new-privs --inh-caps=-all -- "$@"
