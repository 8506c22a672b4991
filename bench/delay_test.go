package main

import (
	"sync"
	"testing"
	"time"
)

func TestDelayIsNeverTooShort(t *testing.T) {
	const latency = 2 * time.Millisecond
	d := newDelay(latency)
	defer d.close()
	var waiting sync.WaitGroup
	for range 100 {
		waiting.Go(func() {
			came := time.Now()
			d.wait(came)
			if took := time.Since(came); took < latency {
				t.Errorf("waited %s, want %s", took, latency)
			}
		})
	}
	waiting.Wait()
}

func TestDelayEndsWhenItIsClosed(*testing.T) {
	d := newDelay(time.Hour)
	var waiting sync.WaitGroup
	for range 10 {
		waiting.Go(func() { d.wait(time.Now()) })
	}
	d.close()
	waiting.Wait()
}

func TestNoDelay(*testing.T) {
	d := newDelay(0)
	d.wait(time.Now().Add(time.Hour))
	d.close()
}
