#!/bin/sh
# gotestsum 1.13.0 with Go 1.26.
#
# A run of go test with -bench that passes is summed up with failures: go test -json tells that these benchmarks have begun and
# not that they have ended, and what has no end counts as failed. The exit status is that of go test, 0.
#
# Seen: "DONE 2 tests, 2 failures" for one benchmark with one sub-benchmark, and exit status 0.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'GO'
module bench

go 1.26
GO
cat >bench_test.go <<'GO'
package bench

import "testing"

func BenchmarkOuter(b *testing.B) {
	b.Run("inner", func(b *testing.B) {
		for b.Loop() {
		}
	})
}
GO
GOBIN=$work go install gotest.tools/gotestsum@v1.13.0 2>/dev/null
go test -run '^$' -bench . -benchtime 1x ./... >/dev/null
status=0
out=$(./gotestsum --no-color -- -run '^$' -bench . -benchtime 1x ./... 2>&1) || status=$?
done=$(echo "$out" | grep '^DONE')
./gotestsum --version
echo "$done; exit status $status"
case "$status/$done" in
"0/DONE 2 tests, 2 failures"*) ;;
*) echo "this is not what was seen before"; exit 1 ;;
esac
