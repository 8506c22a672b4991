package cdc_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"hookline/internal/postgres/postgrestest"
)

// majors are the versions of Postgres on which the server's part in a matter is tried; 0 is the
// default one.
var majors = []int{0, 18}

// onEachMajor runs the test for each of the majors, side by side.
func onEachMajor(t *testing.T, test func(t *testing.T, major int)) {
	for _, major := range majors {
		t.Run(cmp.Or(strings.TrimPrefix(fmt.Sprint(major), "0"), "default"), func(t *testing.T) {
			t.Parallel()
			test(t, major)
		})
	}
}

// onEach is onEachMajor with a database of each.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	onEachMajor(t, func(t *testing.T, major int) { test(t, postgrestest.NewDatabaseMajor(t, major)) })
}
