#!/bin/sh
# Installs or updates the station from its package: sudo sh install.sh slant-board-station_VERSION_arm64.deb
#
# It fetches nothing but Debian's packages, asks before it changes how the machine starts, and goes back to the former
# version when the new one does not run within a minute. `--yes` answers every question with yes.
set -eu

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

answer=
if [ "${1:-}" = --yes ]; then
  answer=y
  shift
fi
package=${1:-}
[ -n "$package" ] || fail "Which package? Type: sudo sh $0 slant-board-station_VERSION_arm64.deb"
[ -f "$package" ] || fail "There is no file $package: copy it here, or give its whole path."
# The checksums of the release, where they lie beside the package.
sums=$(dirname "$package")/SHA256SUMS
if [ -f "$sums" ]; then
  sum=$(sha256sum "$package" | cut -d ' ' -f 1)
  grep -qx "$sum  $(basename "$package")" "$sums" ||
    fail "$package is not the file that SHA256SUMS names: it may be damaged or another's; download both again."
fi
# A station that has the key of its releases takes no others.
key=${STATION_RELEASE_KEY:-/etc/station/release-key.gpg}
if [ -f "$key" ]; then
  command -v gpgv >/dev/null || fail "The signature cannot be checked without gpgv: sudo apt-get install gpgv"
  gpgv --quiet --keyring "$(realpath "$key")" "$sums.asc" "$sums" 2>/dev/null ||
    fail "SHA256SUMS beside $package is not signed (SHA256SUMS.asc) by the key in $key: take all three files from the release, or remove the key to install without it."
fi
[ "$(id -u)" = 0 ] || fail "Only root can install: type sudo sh $0 $package"
command -v apt-get >/dev/null || fail "This is not Debian: the package needs Debian 12 or 13, or Raspberry Pi OS (64-bit)."
architecture=$(dpkg-deb --field "$package" Architecture 2>/dev/null) || fail "$package is not a Debian package: it may be cut short; copy it again."
[ "$architecture" = all ] || [ "$architecture" = "$(dpkg --print-architecture)" ] ||
  fail "$package is for $architecture, and this machine is $(dpkg --print-architecture): take the package for it."
[ "$(getconf LONG_BIT)" = 64 ] || fail "The station needs a 64-bit system: please install Raspberry Pi OS (64-bit)."

ask() {
  if [ -n "$answer" ]; then
    return 0
  fi
  printf '%s [y/N] ' "$1"
  read -r given || given=
  [ "$given" = y ] || [ "$given" = Y ]
}

name=slant-board-station
kept=/var/cache/$name
new=$(dpkg-deb --field "$package" Version)
# A removed package keeps its configuration, and dpkg its version.
old=$(dpkg-query --show --showformat '${db:Status-Status} ${Version}' $name 2>/dev/null | sed -n 's/^installed //p')
mkdir -p "$kept"
if [ -n "$old" ] && [ "${STATION_DOWNGRADE:-}" != restore ] && dpkg --compare-versions "$old" gt "$new"; then
  fail "Version $old is installed, and $new is older: it may not be able to read the station's database. To go back, with the database from before the update: sudo STATION_DOWNGRADE=restore sh $0 $package"
fi

restart=
if command -v raspi-config >/dev/null; then
  for bus in i2c spi; do
    if [ "$(raspi-config nonint get_$bus)" != 0 ] && ask "The sensors need $bus, which is off. Switch it on? It takes effect after a restart."; then
      raspi-config nonint do_$bus 0
      restart=yes
    fi
  done
  if [ "$(raspi-config nonint get_serial_cons)" = 0 ] && ask "The serial pins offer a login to anyone with a cable. Switch that off? It takes effect after a restart."; then
    raspi-config nonint do_serial_cons 1
    restart=yes
  fi
fi
watchdog=/etc/systemd/system.conf.d/station-watchdog.conf
if [ -e /dev/watchdog ] && [ ! -e $watchdog ] && ask "Let the machine restart by itself if it hangs (its watchdog)?"; then
  mkdir -p "$(dirname $watchdog)"
  printf '[Manager]\nRuntimeWatchdogSec=15s\n' >$watchdog
  systemctl daemon-reexec
fi

units="station.service station-page.service station-network.path"
# A socket would start the page, and the page the board; the two of the network start again where they are enabled.
network_sockets="station-page.socket station-page-https.socket"
sockets="station-page-local.socket $network_sockets"
health="/usr/local/bin/station health --config /etc/station.toml"
# A station with a loose cable, or with no board yet, is as healthy as it was: what counts is that it runs. One that was
# well must be well again.
enough=--running
# shellcheck disable=SC2086  # words
healthy() { $health $enough --wait 60 && systemctl is-active --quiet station.service; }
database() { [ ! -e /var/lib/station/station.db ] || echo /var/lib/station/station.db; }
# shellcheck disable=SC2086  # the units are words
start() {
  stop
  systemctl daemon-reload
  systemctl enable --quiet $units
  for socket in $network_sockets; do
    if systemctl is-enabled --quiet $socket 2>/dev/null; then
      systemctl start $socket || say "$socket cannot be opened: journalctl --unit $socket says why."
    fi
  done
  systemctl start $units || true  # whether it runs is asked below
}
# shellcheck disable=SC2086  # the units are words
stop() {
  systemctl stop $sockets 2>/dev/null || true
  systemctl stop $units 2>/dev/null || true
}

if [ -n "$old" ]; then
  if $health >/dev/null 2>&1; then
    enough=
  fi
  say "Version $old is installed. It stops now: a running session ends, and what was done is kept. Its database is copied before $new takes its place."
  stop
  data=$(database || true)
  if [ -n "$data" ]; then
    # With the station stopped its three files are one consistent copy.
    rm -rf "$kept/before-$new"
    mkdir -p "$kept/before-$new"
    cp --archive "$data"* "$kept/before-$new/"
  fi
fi

export DEBIAN_FRONTEND=noninteractive
downgrades=
[ "${STATION_DOWNGRADE:-}" != restore ] || downgrades=--allow-downgrades
if ! apt-get install --yes --quiet=2 $downgrades "$(realpath "$package")"; then
  [ -z "$old" ] || start
  fail "Version $new could not be installed; the lines above say why."
fi
# The copy that the version to go back to has left: that of the first version after it.
left=
for copy in "$kept"/before-*; do
  after=${copy##*/before-}
  if [ -d "$copy" ] && dpkg --compare-versions "$after" gt "$new" &&
    { [ -z "$left" ] || dpkg --compare-versions "$after" lt "$left"; }; then
    left=$after
  fi
done
if [ "${STATION_DOWNGRADE:-}" = restore ] && [ -n "$old" ] && [ -n "$left" ]; then
  data=$(database || true)
  mkdir -p "$kept/of-$old"
  mv "$data"* "$kept/of-$old/"
  cp --archive "$kept/before-$left/"* "$(dirname "$data")/"
  say "The database is the one from before the upgrade to $left; that of $old is kept in $kept/of-$old."
fi

if [ -z "$old" ]; then
  say "Each part of the board, as far as it can be checked by itself:"
  systemd-run --quiet --pipe --wait --property=User=station \
    --property='SupplementaryGroups=gpio i2c spi' --property=StateDirectory=station \
    --property=WorkingDirectory=/var/lib/station --setenv=LG_WD=/var/lib/station \
    /opt/station/.venv/bin/station check --config /etc/station.toml || true
fi
start
if healthy; then
  cp "$package" "$kept/$new.deb"
  say "Version $new is running."
elif [ -n "$old" ] && [ -f "$kept/$old.deb" ]; then
  say "Version $new is not healthy after a minute: back to $old. Its log: journalctl --unit station"
  stop
  STATION_DOWNGRADE=restore apt-get install --yes --quiet=2 --allow-downgrades "$kept/$old.deb"
  data=$(database || true)
  if [ -n "$data" ] && [ -d "$kept/before-$new" ]; then
    rm -f "$data"*
    cp --archive "$kept/before-$new/"* "$(dirname "$data")/"
  fi
  start
  healthy || fail "Version $old does not run either: journalctl --unit station says why."
  fail "Version $old runs again, with its database from before the update."
else
  fail "The station is not healthy after a minute: journalctl --unit station says why."
fi

if [ -z "$old" ] && ask "Open the page to phones on the home network?"; then
  /usr/local/bin/station network on --config /etc/station.toml || true
else
  /usr/local/bin/station network status --config /etc/station.toml || true
fi
[ -z "$restart" ] || say "Restart the machine once for the changes to take effect: sudo reboot"
