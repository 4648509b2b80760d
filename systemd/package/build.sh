#!/bin/sh
# Builds the Debian package of the last commit: build.sh [all|arm64|amd64]. With an architecture the wheels of the locks
# come with it, for Python 3.11 and 3.13, so that the installation needs no package index.
#
# The same commit gives the same bytes: times are the commit's, modes and compression do not depend on the machine.
set -eu
umask 022
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
arch=${1:-all}
case $arch in
  all) platform= ;;
  arm64) platform=aarch64 ;;
  amd64) platform=x86_64 ;;
  *) echo "There is no package for $arch: choose all, arm64 or amd64." >&2; exit 2 ;;
esac
python=${PYTHON:-.venv/bin/python}
version=$(sed -nE 's/^version = "(.*)"$/\1/p' pyproject.toml)
homepage=$(sed -nE 's/^Homepage = "(.*)"$/\1/p' pyproject.toml)
into=${BUILD:-build}
build=$into/deb/$arch
rm -rf "$build"
mkdir -p "$build/opt/station" "$build/etc" "$build/lib/systemd/system" "$build/usr/lib/sysusers.d" "$build/DEBIAN"
git -c tar.umask=022 archive HEAD Makefile pyproject.toml requirements.lock requirements-build.lock requirements-dev.lock LICENSE README.md \
  CHANGELOG.md SECURITY.md station web hardware systemd \
  ":(exclude)hardware/workshop" ":(exclude)systemd/package" | tar -x -C "$build/opt/station"
cp systemd/station.toml "$build/etc/station.toml"
for unit in systemd/*.service systemd/*.socket systemd/*.path systemd/*.timer; do
  cp "$unit" "$build/lib/systemd/system/"
done
cp systemd/sysusers.conf "$build/usr/lib/sysusers.d/station.conf"
"$python" -m tests.release papers "$build/usr/share/doc/slant-board-station"

if [ -n "$platform" ]; then
  for release in 3.11 3.13; do
    echo "Wheels for $platform, Python $release ..."
    # Each file is checked against its hash in the lock.
    "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
      --only-binary :all: --no-binary adafruit-extended-bus --no-build-isolation \
      --python-version "$release" --implementation cp --platform "manylinux_2_28_$platform" \
      --platform "manylinux_2_17_$platform" --platform "manylinux2014_$platform" \
      --dest "$build/opt/station/wheels" --requirement requirements.lock --requirement requirements-build.lock
  done
fi

for name in control preinst postinst prerm postrm conffiles; do
  sed -e "s|@VERSION@|$version|g" -e "s|@ARCHITECTURE@|$arch|g" -e "s|@HOMEPAGE@|$homepage|g" \
    "systemd/package/$name" >"$build/DEBIAN/$name"
done
[ -n "$homepage" ] || sed -i '/^Homepage:/d' "$build/DEBIAN/control"
chmod 755 "$build/DEBIAN/preinst" "$build/DEBIAN/postinst" "$build/DEBIAN/prerm" "$build/DEBIAN/postrm"
package=$into/slant-board-station_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$build" "$package"
rm -rf "$build"
