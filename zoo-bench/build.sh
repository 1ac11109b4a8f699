# Sourced by the scripts beside it: enters the root of the repository, builds the benchmarks, and
# leaves in java and flags how to start them.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
version=$("$java" -XshowSettings:properties -version 2>&1 |
  sed -n 's/^ *java\.specification\.version = \([0-9]*\).*/\1/p')

# build MODULES [OPTION...]
build() {
  local modules=$1
  shift
  mvn -B -q "$@" -pl "$modules" -am -DskipTests -Dspotless.check.skip=true package \
    dependency:build-classpath -Dmdep.outputFile=target/class-path.txt >&2
}

# The flags of ./zoo. OpenBLAS and OpenMP stay on one thread; the zoo's own pool shares the work.
flags=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.maxbytes=0
  -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -Dlogback.configurationFile=zoo-logback.xml)
[ "$version" -ge 23 ] && flags+=(--sun-misc-unsafe-memory-access=allow)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# run MODULE_OPTIONS... MAIN [ARGUMENT...]
run() {
  exec "$java" "${flags[@]}" -cp "zoo-bench/target/classes:$(cat zoo-bench/target/class-path.txt)" "$@"
}
