#!/bin/sh
# Makes sure of a Chromium for make test-page: the distribution's package (Debian and its
# like, as root), by apt's own settings. One that is there is left alone.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo "test-page: chromium is not on the PATH: install the package chromium of your system" >&2
	exit 1
fi
echo "installing chromium" >&2
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
