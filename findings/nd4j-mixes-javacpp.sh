#!/usr/bin/env bash
# A project that declares nd4j-native and then a newer OpenBLAS gets the new OpenBLAS with the old
# JavaCPP, which ND4J names as near to the root and earlier; a guess would be that OpenBLAS brings the
# JavaCPP it was built with. JavaCPP itself calls such a pair a mismatch. Reads POMs, runs nothing.
. "$(dirname "$0")/nd4j.sh"
project org.nd4j:nd4j-native:1.0.0-M2.1 org.bytedeco:openblas:0.3.31-1.5.13
resolve tree "-DoutputFile=$work/tree"
judge "org.bytedeco:javacpp:jar:1.5.7
org.bytedeco:openblas:jar:0.3.31-1.5.13" \
  "$(grep -oE 'org\.bytedeco:(javacpp|openblas):jar:[0-9][^: ]*' "$work/tree" | sort)"
