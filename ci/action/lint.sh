#!/usr/bin/env bash
# Lints what the action's inputs name; for bash 3, which macOS has.
set -euo pipefail

read -r -d '' -a words <<< "$ARGS" || true # it ends at the end of the text
# Patterns are expanded here, at the ends of lines only: names may hold blanks.
IFS=$'\n'
# shellcheck disable=SC2206
files=($FILES)
set -- --fail-on "$FAIL_ON" ${words[@]+"${words[@]}"} ${files[@]+"${files[@]}"}

if [ -n "$SARIF" ]; then
  mkdir -p "$(dirname "$SARIF")"
  : > "$SARIF" # or end here: what follows cannot tell that from findings
  code=0
  helm-valkey lint --format sarif "$@" > "$SARIF" || code=$?
  # 1: there are findings, which are shown next.
  if [ "$code" -gt 1 ]; then
    exit "$code"
  fi
fi
helm-valkey lint --format github "$@"
