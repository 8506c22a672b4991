package run

import (
	"log/slog"
	"os"

	"hookline/config"
)

// NewLogger returns the logger that the settings ask for; it writes to standard error.
func NewLogger(cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if cfg.LogFormat == config.LogJSON {
		handler = slog.NewJSONHandler(os.Stderr, options)
	}
	if cfg.LogLevel > slog.LevelDebug {
		handler = newFolding(handler)
	}
	return slog.New(handler)
}
