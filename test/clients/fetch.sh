#!/bin/sh
# Brings the clients of other languages that the tests run, once, to .cache/clients under
# the repository's root: Python wheels (pip), JavaScript packages (npm) and jars (Maven),
# about 60 MB. Each is pinned with its checksum: python/*.txt,
# javascript/package-lock.json, java.sha256. What is there and of these pins is left alone.
# pip, npm and mvn choose by their own settings where to fetch from.
set -eu

fail() {
	echo "fetch clients: $*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dir=$here/../../.cache/clients
mkdir -p "$dir"
dir=$(CDPATH='' cd -- "$dir" && pwd)
for tool in python3 node npm java mvn sha256sum; do
	command -v $tool >/dev/null 2>&1 || fail "$tool is not installed, and the clients need it: Python 3.11, Node.js 20, Java 17, Maven"
done

# same KEY FILE...: whether what KEY names was brought by these files
same() {
	key=$1
	shift
	[ -f "$dir/$key.pins" ] && cat "$@" | cmp -s - "$dir/$key.pins"
}

# wheels KEY DIRECTORY: the Python packages that python/KEY.txt pins, in an environment of their own
wheels() {
	pins=$here/python/$1.txt
	same "$1" "$pins" && return
	echo "fetch clients: Python, $1" >&2
	rm -rf "${dir:?}/$2"
	python3 -m venv "$dir/$2"
	"$dir/$2/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r "$pins" ||
		fail "pip could not bring what python/$1.txt pins (for CPython 3.11 on Linux x86-64)"
	cp "$pins" "$dir/$1.pins"
}
wheels requirements venv
wheels dbt dbt
wheels schemathesis schemathesis

if ! same javascript "$here/javascript/package.json" "$here/javascript/package-lock.json"; then
	echo "fetch clients: JavaScript" >&2
	rm -rf "$dir/javascript"
	mkdir -p "$dir/javascript"
	cp "$here/javascript/package.json" "$here/javascript/package-lock.json" "$dir/javascript"
	(cd "$dir/javascript" && npm ci --silent --no-audit --no-fund --ignore-scripts) || fail "npm could not bring what javascript/package-lock.json pins"
	cat "$here/javascript/package.json" "$here/javascript/package-lock.json" >"$dir/javascript.pins"
fi

if ! (cd "$dir/java" 2>/dev/null && sha256sum --quiet --strict --check "$here/java.sha256" >/dev/null 2>&1); then
	echo "fetch clients: Java" >&2
	rm -rf "$dir/java"
	mvn --batch-mode --quiet --file "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$dir/java" ||
		fail "mvn could not bring what pom.xml names"
	(cd "$dir/java" && sha256sum --quiet --strict --check "$here/java.sha256") || fail "a jar is not the one that java.sha256 pins"
fi
[ "$(cd "$dir/java" && ls ./*.jar | wc -l)" -eq "$(wc -l <"$here/java.sha256")" ] || fail "there are other jars in $dir/java than java.sha256 pins"
