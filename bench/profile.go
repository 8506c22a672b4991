package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// profiler has profiles of Hookline written to a directory while scenarios run: of a scenario's
// last run that lasts as long as it takes. The zero value takes none.
type profiler struct {
	dir      string
	scenario string // that runs now
	taking   sync.WaitGroup
}

// profiles are what is fetched from Hookline's admin listener, one after the other.
var profiles = []struct{ name, path string }{
	{"cpu", "/debug/pprof/profile?seconds=5"},
	{"heap", "/debug/pprof/heap"},
}

// watch takes the profiles of a process that has just been started with an admin listener at addr.
// A process that ends before that leaves none.
func (f *profiler) watch(p *process, addr string) {
	scenario := f.scenario
	f.taking.Go(func() {
		if p.reads() != nil {
			return
		}
		for _, profile := range profiles {
			file := filepath.Join(f.dir, scenario+"."+profile.name+".pprof")
			if err := fetch(p.alive, "http://"+addr+profile.path, file); err != nil {
				say("%s: no %s profile of this run: %v", scenario, profile.name, err)
				return
			}
		}
	})
}

// fetch writes what a URL answers to a file, whole or not at all.
func fetch(ctx context.Context, url, file string) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, resp.Status)
	}
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, body, 0o644))
}
