#!/usr/bin/env bash
# Builds every target for a fuzzing service: binaries, seeds, dictionaries and options into $OUT, as ClusterFuzzLite and OSS-Fuzz
# want them. SANITIZER=none leaves the address sanitizer away.
set -euo pipefail
: "${OUT:?the folder for what is built}"
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
cd "$(dirname "$0")"

case ${SANITIZER:=address} in
  # The services' own `cargo` builds for coverage, whatever it is told here.
  coverage) sanitizer=none ;;
  *) sanitizer=$SANITIZER ;;
esac
# Only a sanitizer needs nightly, or stable that is told to do what nightly does.
case $sanitizer:$(rustc --version) in none:* | *nightly*) ;; *) export RUSTC_BOOTSTRAP=1 ;; esac
cargo fuzz build --release --debug-assertions --fuzz-dir . --sanitizer "$sanitizer" --no-trace-compares

pack() {
  rm -f "$1"
  if command -v zip >/dev/null; then zip -q -j "$@"; else python3 -m zipfile -c "$@"; fi
}
release=target/$(rustc -vV | sed -n 's/^host: //p')/release
for source in fuzz_targets/*.rs; do
  target=$(basename "$source" .rs)
  cp "$release/$target" "$OUT/"
  shopt -s nullglob
  inputs=(seeds/"$target"/* crashes/"$target"/*)
  shopt -u nullglob
  pack "$OUT/${target}_seed_corpus.zip" "${inputs[@]}"
  for beside in "dictionaries/$target.dict" "options/$target.options"; do
    if [ -f "$beside" ]; then cp "$beside" "$OUT/"; fi
  done
done
