package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestFetchWritesWholeAnswersOnly(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/whole":
			fmt.Fprint(w, "profile")
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "prof")
		default:
			http.NotFound(w, req)
		}
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{"/whole": "profile", "/cut": "", "/missing": ""} {
		file := filepath.Join(t.TempDir(), "made", "it.cpu.pprof")
		err := fetch(t.Context(), server.URL+path, file)
		if (err == nil) != (want != "") {
			t.Errorf("%s: error %v, want one: %t", path, err, want == "")
		}
		got, err := os.ReadFile(file)
		if want == "" && !errors.Is(err, fs.ErrNotExist) || string(got) != want {
			t.Errorf("%s: the file has %q, error %v, want %q", path, got, err, want)
		}
	}
}
