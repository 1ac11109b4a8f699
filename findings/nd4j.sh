# Sourced by the scripts beside it. Runs the Java program on standard input, a class Finding, on
# ND4J or DJL as they come from the package registry, and compares what it prints with the first argument.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

resolve() { # goal, option: in the project of $work
  mvn -B -q ${MAVEN_ARGS:-} -f "$work/pom.xml" \
    "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:$1" "$2" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
}

project() { # group:artifact:version[:classifier] of each direct dependency, in their order
  local dependency group artifact version classifier
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><dependencies>'
    for dependency in "$@"; do
      IFS=: read -r group artifact version classifier <<<"$dependency"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version>${classifier:+<classifier>$classifier</classifier>}</dependency>"
    done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
}

judge() { # expected, seen
  echo "$2"
  [ "$2" = "$1" ] && echo "AS FOUND" || { printf 'CHANGED: expected\n%s\n' "$1"; exit 1; }
}

finding() { # name of what is run, expected: runs the class on the project's class path
  cat >"$work/Finding.java"
  resolve build-classpath "-Dmdep.outputFile=$work/class-path"
  javac -cp "$(cat "$work/class-path")" -d "$work" "$work/Finding.java"
  echo "$1, $(java -version 2>&1 | head -n 1)"
  judge "$2" "$(DJL_CACHE_DIR="$work/djl" java -Dai.djl.offline=true -cp "$(cat "$work/class-path"):$work" Finding 2>"$work/errors" | sed -n 's/^FINDING //p')"
}

nd4j() { # expected
  project org.nd4j:nd4j-native:1.0.0-M2.1
  finding "nd4j-native 1.0.0-M2.1" "$1"
}

djl() { # expected
  project ai.djl.pytorch:pytorch-engine:0.36.0 ai.djl.pytorch:pytorch-jni:2.7.1-0.36.0 \
    ai.djl.pytorch:pytorch-native-cpu:2.7.1:linux-x86_64
  finding "DJL 0.36.0 on PyTorch 2.7.1" "$1"
}
