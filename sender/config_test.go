package sender

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestConfigDefaults(t *testing.T) {
	got := Config{}.withDefaults()
	want := Config{
		RequestTimeout: 10 * time.Second,
		MaxInFlight:    64,
		MaxBuffer:      16 << 20,
		RetrySchedule:  defaultRetrySchedule,
		Version:        "dev",
		HoldMax:        10 * time.Second,
		maxSpooledKeys: 1000,
		MaxRequests:    1024,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults are %+v, want %+v", got, want)
	}
	set := Config{
		RequestTimeout: time.Second,
		MaxInFlight:    1,
		MaxBuffer:      1 << 20,
		RetrySchedule:  []time.Duration{time.Second},
		Version:        "1",
		AllowAddresses: []string{"*"},
		HoldMax:        time.Second,
		maxSpooledKeys: 1,
		MaxRequests:    1,
	}
	if got := set.withDefaults(); !reflect.DeepEqual(got, set) {
		t.Errorf("withDefaults changed what was set: %+v", got)
	}
	if got := (Config{MaxInFlight: 4096}).withDefaults().MaxRequests; got != 8192 {
		t.Errorf("with 4096 for each webhook, %d attempts for all, want 8192", got)
	}
}

func TestConfigBounds(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		says []string // field, value, bound
	}{
		{Config{RequestTimeout: time.Microsecond}, []string{"RequestTimeout", "1µs", "1ms to 10m"}},
		{Config{RequestTimeout: time.Hour}, []string{"RequestTimeout", "1h0m0s", "1ms to 10m"}},
		{Config{MaxInFlight: -1}, []string{"MaxInFlight", "-1", "1 to 4096"}},
		{Config{MaxInFlight: 5000}, []string{"MaxInFlight", "5000", "1 to 4096"}},
		{Config{MaxBuffer: 1000}, []string{"MaxBuffer", "1000", "65536"}},
		{
			Config{RetrySchedule: []time.Duration{time.Second, 0}},
			[]string{"RetrySchedule[1]", "0s", "1ms to 168h"},
		},
		{
			Config{RetrySchedule: []time.Duration{200 * time.Hour}},
			[]string{"RetrySchedule[0]", "200h", "1ms to 168h"},
		},
		{Config{HoldMax: time.Microsecond}, []string{"HoldMax", "1µs", "1ms to 1h"}},
		{
			Config{AllowAddresses: []string{"10.0.0.1", "10.0.0.0/99"}},
			[]string{"AllowAddresses", "10.0.0.0/99", "CIDR"},
		},
		{Config{Version: "1\r\nX: y"}, []string{"Version", `1\r\nX: y`, "printable"}},
	} {
		_, err := New(test.cfg, NewMemory(Limits{}), new(directory), slog.New(slog.DiscardHandler),
			prometheus.NewRegistry())
		for _, part := range test.says {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%+v: error %v, want it to say %q", test.cfg, err, part)
			}
		}
	}
}

func TestNewTellsOfTakenMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, err := New(Config{}, NewMemory(Limits{}), new(directory), slog.New(slog.DiscardHandler),
		registry)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Drain(t.Context()) }()
	if _, err := New(Config{}, NewMemory(Limits{}), new(directory), slog.New(slog.DiscardHandler),
		registry); err == nil {
		t.Error("a second sender in one registry: want an error")
	}
}
