#!/usr/bin/env bash
# Builds every target for a fuzzing service: binaries, seeds and dictionaries into $OUT, as ClusterFuzzLite and OSS-Fuzz
# want them. SANITIZER=none leaves the address sanitizer away.
set -euo pipefail
cd "$(dirname "$0")"
: "${OUT:?the folder for what is built}"
mkdir -p "$OUT"
# A machine without zip packs no seeds; the services have it.
command -v zip >/dev/null || zip() { echo "no zip here: seeds are not packed" >&2; }
if ! cargo +nightly --version >/dev/null 2>&1; then export RUSTC_BOOTSTRAP=1; fi
sanitizer=${SANITIZER:-address}
cargo fuzz build --release --debug-assertions --fuzz-dir . --sanitizer "$sanitizer"
release=target/$(rustc -vV | sed -n 's/^host: //p')/release
for source in fuzz_targets/*.rs; do
  target=$(basename "$source" .rs)
  cp "$release/$target" "$OUT/"
  if [ -d "seeds/$target" ]; then
    (cd "seeds/$target" && zip -q "$OUT/${target}_seed_corpus.zip" *)
  fi
  if [ -f "dictionaries/$target.dict" ]; then cp "dictionaries/$target.dict" "$OUT/"; fi
done
