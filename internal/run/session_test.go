package run

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"hookline/cdc"
)

func TestEndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("told to stop")
		ctx, stop := context.WithCancelCause(t.Context())
		late, cancel := endLater(ctx, 20*time.Second)
		defer cancel()
		time.Sleep(time.Hour)
		stop(why)
		time.Sleep(19 * time.Second)
		synctest.Wait()
		if late.Err() != nil {
			t.Fatal("it has ended a second before its time")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(context.Cause(late), why) {
			t.Fatalf("after its time its cause is %v, want %v", context.Cause(late), why)
		}
	})
}

func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := cdc.Retry(t.Context(), slog.New(slog.DiscardHandler), func() error {
			if tries++; tries < 4 {
				return errors.New("connection refused")
			}
			return nil
		})
		if err != nil || tries != 4 {
			t.Errorf("%d tries, %v; want 4 and success", tries, err)
		}
		tries = 0
		problem := &cdc.Problem{What: "no rights", Hint: "GRANT"}
		err = cdc.Retry(t.Context(), slog.New(slog.DiscardHandler),
			func() error { tries++; return problem })
		if !errors.Is(err, problem) || tries != 1 {
			t.Errorf("%d tries, %v; want what time does not mend at once", tries, err)
		}
	})
}
