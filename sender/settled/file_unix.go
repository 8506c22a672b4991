//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package settled

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
)

// Prepare sees to it that a directory can hold the record of a slot: it makes the file, in its full
// size, unless it is there. Its error is for whoever starts Hookline.
func Prepare(dir, slot string) error {
	f, err := lock(dir, slot)
	if errors.Is(err, errLocked) { // it is there, then
		return nil
	}
	if err == nil {
		err = errors.Join(fill(f), f.Close())
	}
	if err != nil {
		return fmt.Errorf(
			"HOOKLINE_STATE_DIR=%q: it takes a directory that Hookline can write to, "+
				"with %d MiB to spare: %w",
			dir,
			FileSize>>20+1,
			err,
		)
	}
	return nil
}

// Open takes the record of an origin in a directory, for this process alone. What another slot or
// database has left there is not taken up. While another process has the record, it can be read:
// see TakeUp. Close it when nothing adds to it any more.
func Open(dir string, of Origin, log *slog.Logger) (*Record, error) {
	r := &Record{log: log, path: fileOf(dir, of.Slot)}
	take := func() (*ring, error) { return take(dir, of, log) }
	held, err := take()
	switch {
	case errors.Is(err, errLocked):
		r.take = take
		r.read, err = look(dir, of)
		log.Warn("another process has the record of accepted deliveries: they are not recorded until "+
			"it has ended", "file", r.path)
	case err == nil:
		r.held, r.read = held, held
		r.ring.Store(held)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// take takes the file of an origin, unless another process has it: then the error is errLocked.
func take(dir string, of Origin, log *slog.Logger) (*ring, error) {
	f, err := lock(dir, of.Slot)
	if err != nil {
		return nil, err
	}
	memory, err := mapped(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if why := unlike(memory, of); why != "" {
		log.Warn("the record of accepted deliveries begins anew", "file", f.Name(), "reason", why)
		begin(memory, of)
	} else if memory[0] == 0 {
		begin(memory, of)
	}
	g := in(memory)
	g.unmap = func() error { return errors.Join(syscall.Munmap(memory), f.Close()) }
	return g, nil
}

// look maps the file that another process has, to be read; nil when it holds nothing of an origin
// yet.
func look(dir string, of Origin) (*ring, error) {
	f, err := os.OpenFile(fileOf(dir, of.Slot), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.Size() != FileSize {
		return nil, err
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, FileSize, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	if memory[0] == 0 || unlike(memory, of) != "" {
		return nil, syscall.Munmap(memory)
	}
	g := in(memory)
	g.unmap = func() error { return syscall.Munmap(memory) }
	return g, nil
}

// lock opens the file of a slot for this process alone, as long as it is open.
func lock(dir, slot string) (*os.File, error) {
	f, err := os.OpenFile(fileOf(dir, slot), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errLocked
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// fill gives the file its size, unless it has that. It writes: a hole in it would be found out
// about when the disk is full, by a process that has taken its memory for granted.
func fill(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == FileSize {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "use", Path: f.Name(), Err: errors.New("it is no file")}
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(f, 0), io.LimitReader(zeros{}, FileSize))
	if err != nil {
		return errors.Join(err, f.Truncate(0)) // what is there of it is in the way of others
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// mapped returns the file's memory.
func mapped(f *os.File) ([]byte, error) {
	if err := fill(f); err != nil {
		return nil, err
	}
	memory, err := syscall.Mmap(int(f.Fd()), 0, FileSize, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	return memory, nil
}
