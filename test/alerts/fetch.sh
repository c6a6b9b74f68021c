#!/bin/sh
# Brings Debian's Prometheus and Alertmanager for the tests of the alerts, once, to
# .cache/prometheus under the repository's root (30 MB): promtool, prometheus,
# prometheus-alertmanager and its default.tmpl, unpacked and not installed, so that no
# root is needed and no service is started. apt names where from, and checks the
# signatures. What is there is left alone; rm -r .cache/prometheus brings it anew.
set -eu

fail() {
	echo "fetch prometheus: $*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
dir=$root/.cache/prometheus
there() {
	[ -x "$dir/usr/bin/promtool" ] && [ -x "$dir/usr/bin/prometheus" ] && [ -x "$dir/usr/bin/prometheus-alertmanager" ] &&
		[ -f "$dir/usr/share/prometheus/alertmanager/default.tmpl" ]
}
there && exit 0

for tool in apt-get dpkg-deb; do
	command -v $tool >/dev/null 2>&1 ||
		fail "$tool is not installed: the tests of the alerts run Debian 12's packages prometheus (2.42 or newer) and prometheus-alertmanager. Elsewhere put their files under $dir/usr, as the packages have them"
done
echo "fetch prometheus: Debian's packages prometheus and prometheus-alertmanager" >&2
rm -rf "$dir"
mkdir -p "$dir/deb"
cd "$dir/deb"
download() { apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus prometheus-alertmanager; }
if ! download 2>/dev/null; then
	# A fresh machine has no lists of packages, or old ones.
	apt-get -qq update || fail "apt-get has no list of packages, and update needs root: run 'sudo apt-get update' and try again"
	download || fail "apt-get could not bring prometheus and prometheus-alertmanager"
fi
for package in ./*.deb; do
	dpkg-deb -x "$package" "$dir"
done
rm -r "$dir/deb"
there || fail "the packages do not have what Debian 12's have under usr/bin and usr/share/prometheus"
