#!/bin/bash -eu
# What ClusterFuzzLite and OSS-Fuzz run in their builder images.
cd "$SRC/airtight"
exec fuzz/build.sh
