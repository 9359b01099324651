#!/usr/bin/env bash
# Downloads the plugin's binary, and takes it if its checksum is right.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 3
}

case "$RUNNER_OS" in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows ;;
  *) fail "there is no helm-valkey for $RUNNER_OS: it is for Linux, macOS and Windows" ;;
esac
case "$RUNNER_ARCH" in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) fail "there is no helm-valkey for $RUNNER_ARCH: it is for X64 and ARM64" ;;
esac

# The action lies in the tree of its release, and the version stands in the chart.
version=${VERSION:-$(sed -n 's/^version: *//p' "$GITHUB_ACTION_PATH/../../charts/valkey/Chart.yaml")}
url=${URL:-https://github.com/helm-valkey/helm-valkey/releases/download/v$version}
archive=helm-valkey-$version-$os-$arch.tar.gz
if [ "$os" = windows ]; then
  archive=${archive%.tar.gz}.zip
fi

folder=$RUNNER_TEMP/helm-valkey-$version
mkdir -p "$folder"
cd "$folder"
get() {
  curl --fail --silent --show-error --location --retry 3 --output "$1" "$url/$1" || fail "cannot download $url/$1"
}
get "$archive"
if [ -z "$SHA256" ]; then
  get SHA256SUMS
  SHA256=$(awk -v name="$archive" '$2 == name { print $1 }' SHA256SUMS)
fi
check=(sha256sum)
if ! command -v sha256sum > /dev/null; then
  check=(shasum -a 256) # macOS
fi
echo "$SHA256  $archive" | "${check[@]}" --check - || fail "$url/$archive is not what was released: its checksum is another one"

if [ "$os" = windows ]; then
  unzip -q -o "$archive"
else
  tar -xzf "$archive"
fi
echo "$folder" >> "$GITHUB_PATH"
