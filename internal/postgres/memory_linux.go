package postgres

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	sharedMemory = "/dev/shm"
	// bytes that must be free there: containers often have 64 MiB, which a server would fill
	memoryNeeded = 2 << 30
	ownerFile    = "owner" // in a server's directory, locked by the process that made it
	youth        = time.Minute
)

// memoryDir returns a directory in memory for the data of servers, "" when there is none with room.
// What processes that were killed have left there is removed first.
func memoryDir() string {
	removeOrphans(sharedMemory)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(sharedMemory, &fs); err != nil ||
		fs.Bavail*uint64(fs.Bsize) < memoryNeeded {
		return ""
	}
	return sharedMemory
}

// own locks the directory of a server for as long as this process lives, or owner is open.
func own(dir string) (owner *os.File, err error) {
	if owner, err = os.Create(filepath.Join(dir, ownerFile)); err == nil {
		err = syscall.Flock(int(owner.Fd()), syscall.LOCK_EX)
	}
	return owner, err
}

// removeOrphans removes the directories of servers whose owner has gone. A young one may not be
// locked yet.
func removeOrphans(parent string) {
	// fails on a malformed pattern only
	owners, _ := filepath.Glob(filepath.Join(parent, dirPrefix+"*", ownerFile))
	for _, path := range owners {
		owner, err := os.Open(path)
		if err != nil {
			continue
		}
		info, err := owner.Stat()
		if err == nil && time.Since(info.ModTime()) > youth &&
			syscall.Flock(int(owner.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = owner.Close() // and the lock with it
	}
}
