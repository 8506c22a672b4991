package main

import "testing"

func TestKillPointsFall(t *testing.T) {
	const events, kills = 1000, 10
	points := killPoints(events, kills)
	if len(points) != kills {
		t.Fatalf("%d kills, want %d", len(points), kills)
	}
	before := events
	for _, left := range points {
		if left >= before || left < 1 {
			t.Errorf("killed with %d to go, after %d", left, before)
		}
		before = left
	}
}
