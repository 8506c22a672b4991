//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package settled_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookline/cdc"
	"hookline/sender/settled"
)

var origin = settled.Origin{Database: "0badcafe", Slot: "hookline"}

// opened is a record, and what it logs.
type opened struct {
	*settled.Record
	log *bytes.Buffer
}

func open(t *testing.T, dir string, of settled.Origin) opened {
	t.Helper()
	log := new(bytes.Buffer)
	handler := slog.NewTextHandler(io.MultiWriter(log, t.Output()), nil)
	r, err := settled.Open(dir, of, slog.New(handler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return opened{r, log}
}

func (r opened) close(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func delivery(n int) settled.Delivery {
	return settled.Delivery{
		Commit: cdc.LSN(1000 + n), Time: 1_700_000_000_000_000 + int64(n), Index: uint32(n % 3),
		Turn: uint32(n % 2), Webhook: settled.Webhook("a"),
	}
}

// in returns what a record has from a position on, and of the spool.
func (r opened) in(from cdc.LSN) (live, spooled []settled.Delivery) {
	r.Each(from, func(d settled.Delivery) { live = append(live, d) },
		func(d settled.Delivery) { spooled = append(spooled, d) })
	return live, spooled
}

// What was added is there in the next process, whatever became of the one that has added it.
func TestRecordOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, origin)
	for n := range 4 {
		r.Add(delivery(n), false)
	}
	r.Add(delivery(10), true)
	mark := r.Mark()
	r.Add(delivery(11), true)
	r.Noted(mark)
	r.close(t) // nothing is written at the end: see Add

	r = open(t, dir, origin)
	live, spooled := r.in(delivery(2).Commit)
	want := []settled.Delivery{delivery(2), delivery(3), delivery(10), delivery(11)}
	if !slices.Equal(live, want) {
		t.Errorf("from the third on there are %v, want %v", live, want)
	}
	if want := []settled.Delivery{delivery(11)}; !slices.Equal(spooled, want) {
		t.Errorf("the spool may not know of %v, want %v", spooled, want)
	}
	if r.log.Len() > 0 {
		t.Errorf("all is well, and yet: %s", r.log)
	}
}

func TestRecordGoesRound(t *testing.T) {
	r := open(t, t.TempDir(), origin)
	var group sync.WaitGroup
	const each = settled.Entries/4 + 1000
	for i := range 4 {
		group.Go(func() {
			for n := range each {
				r.Add(delivery(i*each+n), false)
			}
		})
	}
	group.Wait()
	live, _ := r.in(0)
	var set settled.Set
	for _, d := range live {
		set.Add(d)
	}
	set.Sort()
	if len(live) != settled.Entries || set.Len() != settled.Entries {
		t.Errorf("%d entries, %d different ones, want %d", len(live), set.Len(), settled.Entries)
	}
}

// A file of something else is not taken up, and not in the way.
func TestRecordOfAnother(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(dir, file string) error
		log   string
	}{
		"another database": {func(dir, _ string) error {
			of := settled.Origin{Database: "12345678", Slot: "hookline"}
			r, err := settled.Open(dir, of, slog.Default())
			if err != nil {
				return err
			}
			r.Add(delivery(1), true)
			return r.Close()
		}, "another database or slot"},
		"another slot's, moved": {func(dir, file string) error {
			of := settled.Origin{Database: "0badcafe", Slot: "other"}
			r, err := settled.Open(dir, of, slog.Default())
			if err != nil {
				return err
			}
			r.Add(delivery(1), true)
			return errors.Join(r.Close(), os.Rename(filepath.Join(dir, "other.accepted"), file))
		}, "another database or slot"},
		"something else": {func(_, file string) error {
			poetry := bytes.Repeat([]byte("poetry\n"), settled.FileSize/7+1)
			return os.WriteFile(file, poetry[:settled.FileSize], 0o600)
		}, "something else"},
		"of another size": {func(_, file string) error {
			return os.WriteFile(file, []byte("hookline accepted 1\n"), 0o600)
		}, ""},
		"cut short when it was made": {func(_, file string) error {
			return os.WriteFile(file, make([]byte, settled.FileSize/2), 0o600)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := test.leave(dir, filepath.Join(dir, "hookline.accepted")); err != nil {
				t.Fatal(err)
			}
			r := open(t, dir, origin)
			if live, spooled := r.in(0); len(live)+len(spooled) > 0 {
				t.Errorf("it has taken up %v and %v", live, spooled)
			}
			if got := r.log.String(); !strings.Contains(got, test.log) ||
				test.log == "" && got != "" {
				t.Errorf("it has logged %q, want %q", got, test.log)
			}
			r.Add(delivery(5), false)
			r.close(t)
			again := open(t, dir, origin)
			if live, _ := again.in(0); len(live) != 1 || again.log.Len() > 0 {
				t.Errorf("it has kept %v, and logged %q", live, again.log)
			}
		})
	}
}

// One process has the record. Another one reads what is in it, adds nothing, and takes it up when
// the first has gone. It does not tell that the spool knows of what the first has added meanwhile.
func TestRecordIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first := open(t, dir, origin)
		first.Add(delivery(1), true)
		second := open(t, dir, origin)
		if live, spooled := second.in(0); len(live) != 1 || len(spooled) != 1 {
			t.Errorf("beside the first one there are %v, and of the spool %v; want one each", live, spooled)
		}
		if err := settled.Prepare(dir, origin.Slot); err != nil {
			t.Errorf("whoever stands by must not be kept from it: %v", err)
		}
		open(t, dir, settled.Origin{Database: "0badcafe", Slot: "other"}).close(t)

		second.Add(delivery(2), true)
		second.Noted(second.Mark())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		second.TakeUp(ctx)
		cancel()
		second.Add(delivery(3), true)
		first.Add(delivery(4), true)
		first.close(t)
		second.TakeUp(t.Context())
		second.Add(delivery(5), true)
		second.Noted(second.Mark())
		second.close(t)
		for _, says := range []string{"until it has ended", "recorded from now on"} {
			if n := strings.Count(second.log.String(), says); n != 1 {
				t.Errorf("the log has %q %d times, want once", says, n)
			}
		}

		third := open(t, dir, origin)
		third.TakeUp(t.Context()) // has nothing to wait for
		want := []settled.Delivery{delivery(1), delivery(4), delivery(5)}
		if live, spooled := third.in(0); !slices.Equal(live, want) || !slices.Equal(spooled, want) {
			t.Errorf("there are %v, and of the spool %v; want %v", live, spooled, want)
		}
	})
}

// What another process has may be of another database, or not be whole yet: nothing is read then.
func TestRecordOfAnotherIsNotRead(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, settled.Origin{Database: "12345678", Slot: "hookline"})
	first.Add(delivery(1), false)
	second := open(t, dir, origin)
	if live, _ := second.in(0); len(live) > 0 {
		t.Errorf("of another database: %v", live)
	}
	second.close(t)
	if err := os.Truncate(filepath.Join(dir, "hookline.accepted"), 100); err != nil {
		t.Fatal(err)
	}
	third := open(t, dir, origin)
	if live, _ := third.in(0); len(live) > 0 {
		t.Errorf("cut short: %v", live)
	}
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	if err := settled.Prepare(dir, "hookline"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"missing", "hookline.accepted"} {
		path := filepath.Join(dir, name)
		err := settled.Prepare(path, "hookline")
		if err == nil || !strings.Contains(err.Error(), "HOOKLINE_STATE_DIR=") ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("%s is no directory: %v", path, err)
		}
	}
	if err := os.Symlink("hookline.accepted", filepath.Join(dir, "link.accepted")); err != nil {
		t.Fatal(err)
	}
	if err := settled.Prepare(dir, "link"); err == nil {
		t.Error("a link was followed")
	}
	if err := os.Mkdir(filepath.Join(dir, "directory.accepted"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := settled.Prepare(dir, "directory"); err == nil {
		t.Error("a directory was taken for a file")
	}
}

// A file that is cut short under the process, or that the disk does not give back, ends the record
// and nothing else.
func TestRecordCutShort(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, origin)
	r.Add(delivery(1), true)
	if err := os.Truncate(filepath.Join(dir, "hookline.accepted"), 0); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		r.Add(delivery(n), n > 0)
		r.Noted(r.Mark())
	}
	if live, spooled := r.in(0); len(live)+len(spooled) > 0 {
		t.Errorf("it has %v and %v", live, spooled)
	}
	if n := strings.Count(r.log.String(), "cannot be written to"); n != 1 {
		t.Errorf("it was told %d times, want once", n)
	}
}

// Without a record nothing is kept, and nothing fails.
func TestNoRecord(t *testing.T) {
	var none opened
	none.Add(delivery(1), true)
	none.Noted(none.Mark())
	if live, spooled := none.in(0); len(live)+len(spooled) > 0 || none.Close() != nil {
		t.Errorf("there is %v and %v", live, spooled)
	}
}

func TestDelivery(t *testing.T) {
	at := time.Date(2026, 3, 1, 2, 3, 4, 567890123, time.UTC)
	for _, event := range []string{
		"evt_0badcafe_00000000deadbeef_0", "evt_0badcafe_f0000000deadbeef_7t3",
		"evt_0badcafe_00000000deadbeef_1_1",
		"evt_0badcafe_00000000deadbeef_4294967295t536870911_1",
		"evt_0badcafe_00000000deadbeef_9p", "evt_0badcafe_00000000deadbeef_9t536870911_1p",
	} {
		d, ok := settled.Of(7, event, at)
		if back := d.Event("0badcafe"); !ok || back != event {
			t.Errorf("%s became %s", event, back)
		}
	}
	if _, ok := settled.Of(7, "evt_0badcafe_00000000deadbeef_9t536870912", at); ok {
		t.Error("a timeline does not fit, and is taken for another one")
	}
	if _, ok := settled.Of(7, "no event", at); ok {
		t.Error("any text is an event")
	}
}

func TestSet(t *testing.T) {
	var set settled.Set
	if set.Has(delivery(1)) || set.Last() != 0 {
		t.Error("the empty set has something")
	}
	for _, n := range []int{5, 1, 9, 1, 3} {
		set.Add(delivery(n))
	}
	set.Sort()
	for n := range 12 {
		if got, want := set.Has(delivery(n)), slices.Contains([]int{1, 3, 5, 9}, n); got != want {
			t.Errorf("has %d: %t", n, got)
		}
	}
	other := delivery(5)
	other.Time++ // of another life of the database
	if set.Has(other) || set.Len() != 4 || set.Last() != delivery(9).Commit {
		t.Errorf("another one at its place: %t; %d deliveries up to %s",
			set.Has(other), set.Len(), set.Last())
	}
}

func BenchmarkAdd(b *testing.B) {
	r, err := settled.Open(b.TempDir(), origin, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	d := delivery(1)
	for b.Loop() {
		r.Add(d, false)
	}
}
