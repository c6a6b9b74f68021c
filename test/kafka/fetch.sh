#!/bin/sh
# Brings Apache Kafka's jars, for the tests against a real cluster, once.
#
#   fetch.sh VERSION [DIR]     e.g. fetch.sh 4.4.0
#   fetch.sh -pin VERSION      writes the manifest of a release new to pom.xml
#
# DIR defaults to .cache/kafka/VERSION under the repository root, where the
# tests look for it. The jars are those that pom.xml beside this script names
# and what they need at run time; every one must have the checksum that
# kafka-VERSION.sha256 pins, and no other may be there. Jars that are there are
# verified again and left alone (a fraction of a second, without a network).
#
# Maven brings them (about 45 MB), so its own settings choose the repository.
set -eu

fail() {
	echo "fetch kafka: $*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

pin=
if [ "${1:-}" = -pin ]; then
	pin=yes
	shift
fi
version=${1:-}
pinned() { (cd "$here" && ls kafka-*.sha256 2>/dev/null) | sed 's/^kafka-//; s/\.sha256$//' | tr '\n' ' '; }
[ -n "$version" ] || fail "say which version: one of $(pinned)"
case $version in
*[!0-9.]*) fail "version \"$version\" is none of $(pinned)" ;;
esac
manifest=$here/kafka-$version.sha256
[ -n "$pin" ] || [ -f "$manifest" ] || fail "Kafka $version is not pinned here; these are: $(pinned)"
grep -q "<id>kafka-$version</id>" "$here/pom.xml" || fail "pom.xml has no profile kafka-$version"
dir=${2:-$here/../../.cache/kafka/$version}

if command -v sha256sum >/dev/null 2>&1; then
	sha() { sha256sum "$@"; }
elif command -v shasum >/dev/null 2>&1; then
	sha() { shasum -a 256 "$@"; }
else
	fail "neither sha256sum nor shasum is installed, and the jars must be verified with one. Install coreutils."
fi

# sums lists the jars of a directory as a manifest does.
sums() { (cd "$1" && LC_ALL=C && export LC_ALL && sha ./*.jar) 2>/dev/null | sed 's|  \./|  |'; }

if [ -z "$pin" ] && [ -d "$dir" ] && [ "$(sums "$dir")" = "$(cat "$manifest")" ]; then
	exit 0
fi

command -v java >/dev/null 2>&1 || fail "java is not installed, and Kafka $version runs on Java 17 or newer. Install a JRE (Debian: openjdk-17-jre-headless)."
command -v mvn >/dev/null 2>&1 || fail "mvn is not installed, and Kafka's jars are fetched with it. Install Apache Maven (Debian: maven)."

parent=$(dirname -- "$dir")
mkdir -p "$parent"
# Beside $dir, so that the final step is a rename on one file system.
tmp=$(mktemp -d "$parent/.fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "fetch kafka: bringing Apache Kafka $version (about 45 MB) to $dir" >&2
mvn --batch-mode --quiet --file "$here/pom.xml" --activate-profiles "kafka-$version" \
	dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$tmp/jars" >"$tmp/mvn.out" 2>&1 || {
	cat "$tmp/mvn.out" >&2
	fail "mvn could not bring Kafka $version; see its message above."
}
sums "$tmp/jars" >"$tmp/got"
[ -s "$tmp/got" ] || fail "mvn brought no jars: $(cat "$tmp/mvn.out")"

if [ -n "$pin" ]; then
	mv -f "$tmp/got" "$manifest"
	echo "fetch kafka: wrote $manifest; look at it before you keep it" >&2
	exit 0
fi
if ! cmp -s "$tmp/got" "$manifest"; then
	diff "$manifest" "$tmp/got" >&2 || true
	fail "the jars of Kafka $version are not the pinned ones (< pinned in $manifest, > brought), so they were not kept.
Remove them from Maven's local repository and try again; if they differ still, do not use them."
fi
rm -rf "$dir"
mv "$tmp/jars" "$dir"
