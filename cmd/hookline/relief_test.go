package main

import (
	"slices"
	"testing"
)

func TestRelief(t *testing.T) {
	var relieved []int64
	now := int64(0)
	look := relief(100, func() { relieved = append(relieved, now) })
	for _, now = range []int64{10, 100, 101, 90, 95, 300, 250, 249, 249, 40} {
		look(now)
	}
	if want := []int64{101, 300, 249}; !slices.Equal(relieved, want) {
		t.Errorf("relieved at %v, want %v", relieved, want)
	}
}
