package operate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/crm"
	"hookline/internal/doctor"
)

// Warnings tells of what a webhook names that is not there, in the doctor's words: objects, fields
// and what is ignored. They may come later, so the webhook is served all the same. That it cannot
// be told is a warning, too.
func Warnings(ctx context.Context, db *crm.Database, conn *pgx.Conn, key string) []string {
	warnings := []string{}
	found, err := doctor.CheckWebhook(ctx, db, conn, key)
	if err != nil {
		return append(warnings, fmt.Sprintf("whether all that it names is there cannot be told: %v", err))
	}
	for _, f := range found {
		warnings = append(warnings, f.Found+"; "+f.Hint)
	}
	return warnings
}
